use super::{Country, Culture};

#[rustfmt::skip]
pub(super) const SCANDINAVIAN: Culture = Culture {
    locale: "sv", trade_first: false, and: "&", native: &[], native_trades: &[],
    given: &[
        "Agnes", "Anders", "Astrid", "Axel", "Birgitte", "Bjørn", "Ebba", "Elsa", "Erik", "Frida", "Gustav", "Hanne", "Håkon", "Ingrid",
        "Jens", "Kari", "Karin", "Kasper", "Lars", "Linnea", "Magnus", "Maja", "Mette", "Mikkel", "Nils", "Oskar", "Rasmus", "Signe",
        "Sigrid", "Sofie", "Søren", "Åsa",
    ],
    family: &[
        "Aasen", "Abrahamsson", "Andersen", "Bakke", "Bengtsson", "Berglund", "Bjerregaard", "Blomqvist", "Christensen", "Dahl",
        "Dalgaard", "Ekström", "Eriksen", "Falk", "Forsberg", "Frandsen", "Gundersen", "Hagen", "Halvorsen", "Hedlund", "Holmberg",
        "Håkansson", "Ibsen", "Isaksson", "Jakobsen", "Jensen", "Jørgensen", "Karlsson", "Kjær", "Knudsen", "Kristiansen", "Lindqvist",
        "Lindström", "Lund", "Lundgren", "Madsen", "Mortensen", "Myhre", "Mårtensson", "Nordin", "Nyström", "Olofsson", "Overgaard",
        "Pedersen", "Rask", "Rosén", "Rønning", "Sandberg", "Sjöberg", "Skov", "Solberg", "Strand", "Sundström", "Søgaard", "Thorsen",
        "Vestergaard", "Viklund", "Wallin", "Winther", "Åberg", "Åkesson", "Öberg", "Østergaard",
    ],
    trades: &[
        "Anlegg", "Arkitekter", "Bageri", "Bryggeri", "Bygg", "Byggvaror", "Cykler", "Design", "Eiendom", "El", "Emballage", "Energi",
        "Fastigheter", "Fisk", "Forsikring", "Fönster", "Glas", "Industri", "Kjemi", "Klinik", "Kraft", "Kött", "Lakrids", "Lantbruk",
        "Logistik", "Maskin", "Mejeri", "Mekaniska", "Møbler", "Offshore", "Papper", "Pharma", "Plast", "Rederi", "Rör", "Sjømat",
        "Skogs", "Slakteri", "Snickeri", "Spedition", "Stål", "Tandläkare", "Teknik", "Textil", "Transport", "Trä", "Trykk", "Turbiner",
        "Verktyg", "Vind",
    ],
    integrators: &["Data", "IT Drift", "Systemer", "IT Partner", "Nätverk", "Digital"],
    countries: &[
        Country { code: "SE", currency: "SEK", per_hundred_dollars: 1_050, calling: "46", share: 4,
            forms: &["AB", "AB (publ)", "Aktiebolag", "Gruppen AB"],
            cities: &["Borås", "Gävle", "Göteborg", "Jönköping", "Kalmar", "Luleå", "Lund", "Malmö", "Umeå", "Västerås", "Örebro"] },
        Country { code: "DK", currency: "DKK", per_hundred_dollars: 690, calling: "45", share: 3,
            forms: &["A/S", "ApS", "I/S"], cities: &["Aalborg", "Aarhus", "Esbjerg", "Horsens", "Kolding", "Odense", "Vejle"] },
        Country { code: "NO", currency: "NOK", per_hundred_dollars: 1_070, calling: "47", share: 3,
            forms: &["AS", "ASA", "A/S"], cities: &["Bergen", "Bodø", "Drammen", "Kristiansand", "Stavanger", "Tromsø", "Trondheim"] },
    ],
};

#[rustfmt::skip]
pub(super) const FINNISH: Culture = Culture {
    locale: "fi", trade_first: false, and: "&", native: &[], native_trades: &[],
    given: &[
        "Aino", "Antti", "Eero", "Eeva", "Elina", "Hanna", "Heikki", "Helmi", "Jari", "Juhani", "Kaisa", "Lauri", "Liisa", "Mikko",
        "Outi", "Päivi", "Pekka", "Riikka", "Sanna", "Tapio", "Timo", "Venla", "Ville",
    ],
    family: &[
        "Aaltonen", "Ahonen", "Hakala", "Harju", "Heikkinen", "Hietala", "Hyvönen", "Ikonen", "Järvinen", "Kallio", "Kangas", "Karjalainen",
        "Kettunen", "Kinnunen", "Koivisto", "Korhonen", "Koskela", "Kuusisto", "Laaksonen", "Laitinen", "Lappalainen", "Lehtonen", "Leppänen",
        "Manninen", "Mäkelä", "Mäkinen", "Niemi", "Nurmi", "Ojala", "Peltola", "Pitkänen", "Rantanen", "Räsänen", "Saarinen", "Salminen",
        "Savolainen", "Seppälä", "Toivonen", "Tuominen", "Vainio", "Virtanen", "Väisänen",
    ],
    trades: &[
        "Betoni", "Energia", "Hammaslääkärit", "Hissit", "Huonekalut", "Kala", "Kiinteistöt", "Kirjapaino", "Konepaja", "Kuljetus",
        "Kustannus", "Leipomo", "Lihajaloste", "Logistiikka", "Lääkärit", "Maatilat", "Metalli", "Metsä", "Muovi", "Panimo", "Paperi",
        "Rakennus", "Sairaalat", "Satama", "Sähkö", "Teollisuus", "Terästyöt", "Tukku", "Vakuutus", "Varustamo", "Ympäristö",
    ],
    integrators: &["Tietotekniikka", "Järjestelmät", "Verkot", "IT-Palvelut", "Digi"],
    countries: &[
        Country { code: "FI", currency: "EUR", per_hundred_dollars: 92, calling: "358", share: 3,
            forms: &["Oy", "Oyj", "Oy Ab"], cities: &["Espoo", "Joensuu", "Jyväskylä", "Kuopio", "Lahti", "Oulu", "Pori", "Tampere", "Turku", "Vaasa"] },
    ],
};
