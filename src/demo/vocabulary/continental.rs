use super::{Country, Culture};

#[rustfmt::skip]
pub(super) const GERMAN: Culture = Culture {
    locale: "de", trade_first: false, and: "&", native: &[], native_trades: &[],
    given: &[
        "Andreas", "Anja", "Anna", "Ayşe", "Birgit", "Christian", "Daniela", "Dominik", "Elif", "Emma", "Felix", "Florian",
        "Franziska", "Heike", "Jan", "Johanna", "Jonas", "Julia", "Jürgen", "Katharina", "Lena", "Leon", "Lukas", "Markus",
        "Matthias", "Nadine", "Nina", "Paul", "Sabine", "Sebastian", "Stefan", "Theresa", "Tobias", "Ulrike", "Verena",
    ],
    family: &[
        "Ackermann", "Albrecht", "Arnold", "Bachmann", "Baumgartner", "Bergmann", "Böhm", "Brandstätter", "Brückner", "Büchler",
        "Dietrich", "Ebner", "Eichhorn", "Engelhardt", "Falkenberg", "Fleischhauer", "Fuchs", "Gerlach", "Gröger", "Großmann",
        "Haas", "Hagemann", "Hartmann", "Heinemann", "Hofstetter", "Huber", "Jäger", "Kästner", "Kaltenbrunner", "Keller",
        "Kirchner", "Köhler", "Krüger", "Kuhn", "Lindner", "Löffler", "Lohmann", "Marquardt", "Mayrhofer", "Meinhardt", "Moser",
        "Müller", "Neumann", "Niedermeier", "Obermeyer", "Oswald", "Petersen", "Pfeiffer", "Pichler", "Rademacher", "Reinhardt",
        "Rohrbach", "Rüegg", "Sauer", "Schäfer", "Schönfeld", "Schreiber", "Schürmann", "Seidel", "Sommer", "Steinbach",
        "Stöckli", "Thalmann", "Ullrich", "Vogelsang", "Wachter", "Weidmann", "Weiß", "Wetzel", "Wiesner", "Winkler", "Zellweger",
        "Ziegler", "Zimmermann",
    ],
    trades: &[
        "Anlagenbau", "Antriebstechnik", "Apotheken", "Architekten", "Automation", "Backwaren", "Bau", "Baustoffe", "Brauerei",
        "Chemie", "Druck", "Elektrotechnik", "Energie", "Fahrzeugbau", "Feinkost", "Fertigung", "Gebäudetechnik", "Getränke",
        "Gießerei", "Glas", "Großhandel", "Haustechnik", "Holzbau", "Immobilien", "Kältetechnik", "Kliniken", "Kunststoffe",
        "Lacke", "Logistik", "Maschinenbau", "Medizintechnik", "Messtechnik", "Metallbau", "Möbel", "Molkerei", "Optik", "Papier",
        "Pharma", "Präzisionstechnik", "Recycling", "Reederei", "Schifffahrt", "Solar", "Spedition", "Stadtwerke", "Stahl",
        "Steuerberatung", "Textil", "Verlag", "Verpackungen", "Versicherung", "Wasserbau", "Werkzeuge", "Windkraft",
    ],
    integrators: &["Systemhaus", "IT-Services", "Informatik", "Datentechnik", "Netzwerktechnik", "Cloud Services", "IT-Beratung"],
    countries: &[
        Country { code: "DE", currency: "EUR", per_hundred_dollars: 92, calling: "49", share: 14,
            forms: &["GmbH", "GmbH", "GmbH & Co. KG", "AG", "KG", "SE", "OHG", "e.K."],
            cities: &["Augsburg", "Bielefeld", "Bremen", "Chemnitz", "Erfurt", "Freiburg", "Göttingen", "Kassel", "Kiel", "Leipzig", "Münster", "Nürnberg", "Rostock", "Ulm"] },
        Country { code: "CH", currency: "CHF", per_hundred_dollars: 88, calling: "41", share: 3,
            forms: &["AG", "GmbH", "SA"], cities: &["Aarau", "Basel", "Bern", "Chur", "Luzern", "Thun", "Winterthur"] },
        Country { code: "AT", currency: "EUR", per_hundred_dollars: 92, calling: "43", share: 3,
            forms: &["GmbH", "Ges.m.b.H.", "AG", "KG"], cities: &["Graz", "Innsbruck", "Klagenfurt", "Linz", "Salzburg", "Wels"] },
    ],
};

#[rustfmt::skip]
pub(super) const FRENCH: Culture = Culture {
    locale: "fr", trade_first: true, and: "et", native: &[], native_trades: &[],
    given: &[
        "Adèle", "Amélie", "Antoine", "Aurélie", "Benoît", "Camille", "Céline", "Chloé", "Claire", "Clément", "Élodie", "Émile",
        "Fatima", "François", "Hélène", "Hugo", "Inès", "Julien", "Karim", "Léa", "Louis", "Manon", "Mathilde", "Nicolas",
        "Océane", "Pascal", "Quentin", "Sébastien", "Théo", "Yasmine",
    ],
    family: &[
        "Aubert", "Barbier", "Beaulieu", "Benoit", "Bertrand", "Blanchard", "Bonnet", "Bouchard", "Boulanger", "Bourgeois",
        "Carpentier", "Castel", "Chevalier", "Clément", "Colin", "Cordier", "Cousin", "Delacroix", "Delaunay", "Deschamps",
        "Desrosiers", "Dubreuil", "Duchesne", "Dufour", "Dumas", "Dupuis", "Fabre", "Faucher", "Fontaine", "Fournier", "Gaillard",
        "Garnier", "Gauthier", "Girard", "Guérin", "Guillaume", "Hamel", "Huet", "Jacquet", "Lacombe", "Lambert", "Langlois",
        "Lebrun", "Leclerc", "Lefèvre", "Lemaître", "Lévesque", "Maillard", "Marchand", "Martel", "Mercier", "Moreau", "Noël",
        "Pelletier", "Perrault", "Perrin", "Picard", "Poirier", "Renaud", "Rivière", "Rousseau", "Sauvage", "Tessier", "Vasseur",
        "Verdier", "Vidal",
    ],
    trades: &[
        "Ateliers", "Assurances", "Bâtiment", "Biscuiterie", "Boulangeries", "Brasserie", "Cartonnages", "Caves", "Charpentes",
        "Chimie", "Cliniques", "Conserveries", "Constructions", "Cosmétiques", "Distribution", "Domaines", "Éditions", "Électricité",
        "Énergies", "Équipements", "Établissements", "Fonderies", "Fromageries", "Hôtels", "Immobilière", "Imprimerie", "Industries",
        "Jardins", "Laboratoires", "Laiterie", "Logistique", "Maçonnerie", "Maison", "Matériaux", "Mécanique", "Menuiseries",
        "Messageries", "Meubles", "Optique", "Papeteries", "Pharmacie", "Plastiques", "Scieries", "Soieries", "Textiles",
        "Transports", "Travaux Publics", "Vergers", "Verreries", "Voyages",
    ],
    integrators: &["Informatique", "Systèmes", "Réseaux", "Solutions Numériques", "Infogérance", "Conseil IT"],
    countries: &[
        Country { code: "FR", currency: "EUR", per_hundred_dollars: 92, calling: "33", share: 9,
            forms: &["SAS", "SARL", "S.A.", "S.A.S.", "SA", "SNC", "EURL"],
            cities: &["Angers", "Annecy", "Bordeaux", "Brest", "Dijon", "Grenoble", "Lille", "Lyon", "Metz", "Nantes", "Rennes", "Rouen", "Toulouse", "Tours"] },
        Country { code: "BE", currency: "EUR", per_hundred_dollars: 92, calling: "32", share: 3,
            forms: &["SA", "SRL", "NV", "BV"], cities: &["Bruges", "Charleroi", "Gand", "Liège", "Mons", "Namur"] },
        Country { code: "LU", currency: "EUR", per_hundred_dollars: 92, calling: "352", share: 1,
            forms: &["S.à r.l.", "S.A."], cities: &["Esch", "Luxembourg", "Vianden"] },
    ],
};

#[rustfmt::skip]
pub(super) const ITALIAN: Culture = Culture {
    locale: "it", trade_first: true, and: "&", native: &[], native_trades: &[],
    given: &[
        "Alessandro", "Alessia", "Andrea", "Beatrice", "Chiara", "Davide", "Elena", "Federica", "Filippo", "Francesca", "Giorgia",
        "Giovanni", "Giulia", "Lorenzo", "Luca", "Marco", "Martina", "Matteo", "Nicolò", "Paola", "Riccardo", "Sara", "Simone",
        "Valentina",
    ],
    family: &[
        "Abruzzese", "Amato", "Barbieri", "Basile", "Battaglia", "Bellini", "Benedetti", "Bernardi", "Bianchi", "Bonfanti", "Brambilla",
        "Bruno", "Caputo", "Carbone", "Castelli", "Cattaneo", "Colombo", "Conti", "Coppola", "D'Amico", "De Santis", "Esposito",
        "Fabbri", "Farina", "Ferrara", "Fiore", "Fontana", "Gallo", "Gentile", "Giordano", "Greco", "Grassi", "Guerra", "Leone",
        "Lombardi", "Longo", "Mancini", "Marchetti", "Mariani", "Marini", "Martinelli", "Mazza", "Monti", "Moretti", "Neri",
        "Pagano", "Palmieri", "Parisi", "Pellegrini", "Piras", "Rinaldi", "Rizzo", "Romano", "Rossetti", "Sala", "Santoro", "Serra",
        "Silvestri", "Sorrentino", "Testa", "Valentini", "Villa", "Vitale", "Zanetti",
    ],
    trades: &[
        "Acciaierie", "Alimentari", "Arredamenti", "Assicurazioni", "Autotrasporti", "Calzature", "Cantine", "Cartiere", "Ceramiche",
        "Chimica", "Cliniche", "Concerie", "Costruzioni", "Distribuzione", "Edilizia", "Edizioni", "Elettronica", "Energia",
        "Farmaceutici", "Filati", "Fonderie", "Frantoi", "Gioielli", "Grafica", "Hotel", "Immobiliare", "Impianti", "Industrie",
        "Laboratori", "Legnami", "Logistica", "Marmi", "Meccanica", "Molini", "Motori", "Navigazione", "Officine", "Pastificio",
        "Plastica", "Salumi", "Serramenti", "Spedizioni", "Tessuti", "Utensili", "Vetrerie", "Viaggi",
    ],
    integrators: &["Informatica", "Sistemi", "Reti", "Soluzioni Digitali", "Servizi Cloud", "Consulenza IT"],
    countries: &[
        Country { code: "IT", currency: "EUR", per_hundred_dollars: 92, calling: "39", share: 8,
            forms: &["S.r.l.", "S.p.A.", "Srl", "SpA", "S.n.c.", "S.r.l.s."],
            cities: &["Ancona", "Bari", "Bergamo", "Bologna", "Brescia", "Catania", "Cremona", "Ferrara", "Genova", "Lecce", "Modena", "Padova", "Parma", "Trento", "Udine"] },
    ],
};

#[rustfmt::skip]
pub(super) const DUTCH: Culture = Culture {
    locale: "nl", trade_first: false, and: "&", native: &[], native_trades: &[],
    given: &[
        "Anouk", "Bram", "Daan", "Emma", "Femke", "Fleur", "Hendrik", "Ilse", "Jasper", "Joost", "Lars", "Lieke", "Maarten",
        "Marieke", "Niels", "Pieter", "Roos", "Ruben", "Sanne", "Sven", "Thijs", "Wouter", "Fatima", "Yusuf",
    ],
    family: &[
        "Aalbers", "Bakker", "Berkhout", "Blom", "Boersma", "Bosman", "Brouwer", "de Boer", "de Bruijn", "de Graaf", "de Haan",
        "de Vries", "Dekker", "Dijkstra", "Driessen", "Evers", "Gerritsen", "Groot", "Haverkamp", "Hendriks", "Hoekstra",
        "Huisman", "Jansen", "Kamphuis", "Koster", "Kuipers", "Langeveld", "Maas", "Molenaar", "Mulder", "Nijland", "Oosterhuis",
        "Postma", "Prins", "Rietveld", "Rutgers", "Schouten", "Sikkema", "Smits", "Timmermans", "van Beek", "van Dam", "van den Berg",
        "van der Linden", "van Dijk", "van Leeuwen", "Veenstra", "Verhoeven", "Vermeulen", "Visser", "Wiersma", "Willemsen", "Zijlstra",
    ],
    trades: &[
        "Afvalverwerking", "Architecten", "Bloemen", "Bouw", "Bouwmaterialen", "Brouwerij", "Chemie", "Drukkerij", "Energie",
        "Fietsen", "Glastuinbouw", "Groothandel", "Havenbedrijf", "Houthandel", "Installatietechniek", "Kaas", "Kassenbouw",
        "Keukens", "Landbouw", "Logistiek", "Machines", "Makelaars", "Metaal", "Meubelen", "Notarissen", "Onderwijs", "Papier",
        "Pluimvee", "Rederij", "Scheepsbouw", "Staal", "Techniek", "Textiel", "Transport", "Tuincentra", "Uitgeverij", "Vastgoed",
        "Verpakkingen", "Verzekeringen", "Vlees", "Wegenbouw", "Zaden", "Ziekenhuizen", "Zorg", "Zuivel",
    ],
    integrators: &["Automatisering", "ICT", "Netwerken", "ICT Beheer", "Digitaal"],
    countries: &[
        Country { code: "NL", currency: "EUR", per_hundred_dollars: 92, calling: "31", share: 6,
            forms: &["B.V.", "BV", "N.V.", "V.O.F.", "Groep B.V."],
            cities: &["Almelo", "Amersfoort", "Arnhem", "Breda", "Delft", "Deventer", "Eindhoven", "Gouda", "Groningen", "Haarlem", "Leiden", "Tilburg", "Utrecht", "Zwolle"] },
    ],
};
