use super::{Country, Culture};

#[rustfmt::skip]
pub(super) const SPANISH: Culture = Culture {
    locale: "es", trade_first: true, and: "y", native: &[], native_trades: &[],
    given: &[
        "Adriana", "Alejandro", "Álvaro", "Ana", "Andrés", "Beatriz", "Camila", "Carlos", "Carmen", "Catalina", "Diego", "Elena",
        "Esteban", "Fernando", "Gabriela", "Ignacio", "Isabel", "Javier", "José", "Lucía", "Manuel", "Mariana", "Mateo", "Natalia",
        "Pablo", "Rocío", "Santiago", "Sofía", "Tomás", "Valeria", "Ximena",
    ],
    family: &[
        "Acosta", "Aguilar", "Aguirre", "Alarcón", "Arriaga", "Ávila", "Barrios", "Bautista", "Benítez", "Bermúdez", "Cabrera",
        "Calderón", "Camacho", "Cárdenas", "Carrasco", "Castaño", "Cisneros", "Contreras", "Cordero", "Delgado", "Domínguez",
        "Echeverría", "Escobar", "Espinosa", "Figueroa", "Fuentes", "Galindo", "Gallardo", "Guzmán", "Herrera", "Ibáñez", "Iglesias",
        "Jiménez", "Lozano", "Maldonado", "Márquez", "Medina", "Mendoza", "Montoya", "Morales", "Muñoz", "Navarro", "Núñez", "Ochoa",
        "Ortega", "Palacios", "Peña", "Pizarro", "Quintero", "Ramírez", "Restrepo", "Rivas", "Rojas", "Salazar", "Sandoval",
        "Santana", "Sepúlveda", "Solís", "Valdés", "Vallejo", "Vargas", "Zamora", "Zapata", "Zúñiga",
    ],
    trades: &[
        "Aceites", "Aceros", "Agrícola", "Alimentos", "Almacenes", "Aluminios", "Automotriz", "Bodegas", "Cafés", "Calzados",
        "Carnes", "Cementos", "Cerámicas", "Cervecería", "Clínicas", "Comercial", "Conservas", "Construcciones", "Cosméticos",
        "Distribuidora", "Editorial", "Embotelladora", "Energía", "Envases", "Farmacéutica", "Ferretería", "Frutas", "Ganadera",
        "Hoteles", "Industrias", "Inmobiliaria", "Instalaciones", "Laboratorios", "Lácteos", "Logística", "Maderas", "Maquinaria",
        "Mármoles", "Minera", "Muebles", "Naviera", "Panificadora", "Papelera", "Pesquera", "Plásticos", "Químicos", "Seguros",
        "Suministros", "Talleres", "Textiles", "Transportes", "Viñedos", "Viveros",
    ],
    integrators: &["Sistemas", "Informática", "Soluciones Tecnológicas", "Redes", "Servicios Cloud", "Consultoría TI"],
    countries: &[
        Country { code: "ES", currency: "EUR", per_hundred_dollars: 92, calling: "34", share: 6,
            forms: &["S.L.", "S.A.", "SL", "S.L.U.", "SA"],
            cities: &["Alicante", "Bilbao", "Burgos", "Cádiz", "Córdoba", "Gijón", "Huelva", "León", "Málaga", "Murcia", "Oviedo", "Sevilla", "Valencia", "Vigo"] },
        Country { code: "MX", currency: "MXN", per_hundred_dollars: 1_710, calling: "52", share: 4,
            forms: &["S.A. de C.V.", "S. de R.L. de C.V.", "SA de CV", "S.A.P.I. de C.V."],
            cities: &["Aguascalientes", "Guadalajara", "Hermosillo", "Mérida", "Monterrey", "Oaxaca", "Puebla", "Querétaro"] },
        Country { code: "CO", currency: "COP", per_hundred_dollars: 395_000, calling: "57", share: 2,
            forms: &["S.A.S.", "S.A.", "Ltda."], cities: &["Barranquilla", "Bogotá", "Bucaramanga", "Cali", "Medellín", "Pereira"] },
        Country { code: "CL", currency: "CLP", per_hundred_dollars: 94_000, calling: "56", share: 2,
            forms: &["SpA", "S.A.", "Limitada"], cities: &["Antofagasta", "Concepción", "Iquique", "Temuco", "Valparaíso"] },
        Country { code: "AR", currency: "USD", per_hundred_dollars: 100, calling: "54", share: 1,
            forms: &["S.A.", "S.R.L."], cities: &["Bariloche", "Mendoza", "Rosario", "Salta", "Tucumán"] },
    ],
};

#[rustfmt::skip]
pub(super) const PORTUGUESE: Culture = Culture {
    locale: "pt", trade_first: true, and: "e", native: &[], native_trades: &[],
    given: &[
        "Afonso", "Ana", "André", "Beatriz", "Bruno", "Camila", "Carolina", "Catarina", "Daniela", "Eduardo", "Fernanda", "Gabriel",
        "Gustavo", "Inês", "João", "Joana", "Larissa", "Leonardo", "Mariana", "Miguel", "Rafael", "Renata", "Rodrigo", "Tiago", "Vitória",
    ],
    family: &[
        "Almeida", "Alves", "Andrade", "Araújo", "Azevedo", "Barbosa", "Barros", "Batista", "Bezerra", "Brandão", "Cardoso", "Carvalho",
        "Castro", "Cavalcanti", "Coelho", "Correia", "Coutinho", "Duarte", "Esteves", "Farias", "Ferraz", "Figueiredo", "Fonseca",
        "Freitas", "Furtado", "Gonçalves", "Guimarães", "Leitão", "Lourenço", "Macedo", "Machado", "Magalhães", "Marques", "Medeiros",
        "Meireles", "Monteiro", "Moura", "Nogueira", "Pacheco", "Paiva", "Pimentel", "Queiroz", "Rezende", "Ribeiro", "Sampaio",
        "Saraiva", "Siqueira", "Tavares", "Teixeira", "Vasconcelos", "Viana", "Xavier",
    ],
    trades: &[
        "Açúcar", "Adega", "Agropecuária", "Alimentos", "Artefatos", "Autopeças", "Bebidas", "Calçados", "Celulose", "Cerâmica",
        "Cimentos", "Clínicas", "Comércio", "Confecções", "Construtora", "Cortiças", "Cosméticos", "Distribuidora", "Editora",
        "Embalagens", "Energia", "Equipamentos", "Farmácias", "Fazendas", "Ferragens", "Gráfica", "Hotéis", "Imobiliária", "Indústrias",
        "Laboratório", "Laticínios", "Logística", "Madeiras", "Máquinas", "Metalúrgica", "Mineração", "Móveis", "Navegação", "Pescados",
        "Plásticos", "Quintas", "Seguros", "Siderúrgica", "Têxtil", "Transportes", "Vidros",
    ],
    integrators: &["Informática", "Tecnologia", "Sistemas", "Redes", "Soluções Digitais"],
    countries: &[
        Country { code: "BR", currency: "BRL", per_hundred_dollars: 510, calling: "55", share: 7,
            forms: &["Ltda.", "S.A.", "Ltda", "S/A", "ME"],
            cities: &["Belém", "Blumenau", "Brasília", "Campinas", "Curitiba", "Florianópolis", "Fortaleza", "Goiânia", "Joinville", "Londrina", "Manaus", "Natal", "Recife", "Santos"] },
        Country { code: "PT", currency: "EUR", per_hundred_dollars: 92, calling: "351", share: 2,
            forms: &["Lda.", "Lda", "S.A.", "Unipessoal Lda."], cities: &["Aveiro", "Braga", "Coimbra", "Évora", "Faro", "Leiria", "Porto", "Setúbal"] },
    ],
};
