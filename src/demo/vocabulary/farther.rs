use super::{Country, Culture};

#[rustfmt::skip]
pub(super) const POLISH: Culture = Culture {
    locale: "pl", trade_first: true, and: "i", native: &[], native_trades: &[],
    given: &[
        "Agnieszka", "Aleksandra", "Anna", "Bartosz", "Dorota", "Ewa", "Grzegorz", "Jakub", "Joanna", "Kamil", "Karolina", "Katarzyna",
        "Krzysztof", "Łukasz", "Magdalena", "Marcin", "Michał", "Monika", "Paweł", "Piotr", "Tomasz", "Wojciech", "Zofia",
    ],
    family: &[
        "Adamczyk", "Baran", "Bąk", "Borkowski", "Chmielewski", "Cieślak", "Czarnecki", "Dąbrowski", "Duda", "Dudek", "Gajewski", "Głowacki",
        "Górski", "Grabowski", "Jabłoński", "Jasiński", "Kaczmarek", "Kalinowski", "Kamiński", "Konieczny", "Kołodziej", "Kowalczyk", "Krajewski",
        "Kubiak", "Lewandowski", "Lis", "Maciejewski", "Malinowski", "Mazur", "Michalak", "Mróz", "Nowakowski", "Olszewski", "Ostrowski", "Pawlak",
        "Piątek", "Rutkowski", "Sadowski", "Sikora", "Sobczak", "Stępień", "Szewczyk", "Szymański", "Tomaszewski", "Walczak", "Wieczorek",
        "Wiśniewski", "Woźniak", "Wróbel", "Zając", "Zieliński", "Ziółkowski",
    ],
    trades: &[
        "Apteki", "Browar", "Budownictwo", "Chłodnictwo", "Cukrownia", "Drukarnia", "Energetyka", "Farby", "Gospodarstwo Rolne", "Hurtownia",
        "Huta", "Instalacje", "Klinika", "Konstrukcje", "Kopalnia", "Maszyny", "Materiały Budowlane", "Meble", "Mleczarnia", "Nieruchomości",
        "Odlewnia", "Okna", "Opakowania", "Piekarnia", "Produkcja", "Przetwórstwo", "Spedycja", "Stal", "Stocznia", "Szpital", "Tartak",
        "Transport", "Ubezpieczenia", "Wydawnictwo", "Zakłady Chemiczne", "Zakłady Mięsne",
    ],
    integrators: &["Systemy", "Informatyka", "Sieci", "Usługi IT", "Technologie"],
    countries: &[
        Country { code: "PL", currency: "PLN", per_hundred_dollars: 398, calling: "48", share: 5,
            forms: &["Sp. z o.o.", "sp. z o.o.", "S.A.", "Sp. z o.o. Sp.k.", "Sp. j."],
            cities: &["Białystok", "Gdynia", "Gliwice", "Katowice", "Kielce", "Kraków", "Lublin", "Łódź", "Olsztyn", "Poznań", "Rzeszów", "Toruń", "Wrocław"] },
    ],
};

#[rustfmt::skip]
pub(super) const CZECH: Culture = Culture {
    locale: "cs", trade_first: false, and: "a", native: &[], native_trades: &[],
    given: &[
        "Adéla", "Barbora", "David", "Eliška", "Hana", "Jakub", "Jan", "Jana", "Jiří", "Kateřina", "Lenka", "Lucie", "Marek", "Martin",
        "Ondřej", "Pavel", "Petra", "Tereza", "Tomáš", "Veronika", "Vojtěch",
    ],
    family: &[
        "Bartoš", "Beneš", "Blažek", "Čermák", "Doležal", "Dvořák", "Fiala", "Hájek", "Havlíček", "Holub", "Horák", "Hruška", "Janda", "Jelínek",
        "Kadlec", "Kolář", "Konečný", "Kopecký", "Kratochvíl", "Kříž", "Kučera", "Liška", "Mareš", "Mašek", "Moravec", "Navrátil", "Němec",
        "Novák", "Novotný", "Pokorný", "Pospíšil", "Procházka", "Růžička", "Říha", "Sedláček", "Slavík", "Soukup", "Staněk", "Svoboda", "Šimek",
        "Štěpánek", "Urban", "Vacek", "Vaněk", "Vlček", "Zeman",
    ],
    trades: &[
        "Cukrárny", "Doprava", "Elektro", "Energetika", "Farma", "Hutě", "Chemie", "Keramika", "Kovovýroba", "Lázně", "Lékárny", "Logistika",
        "Mlékárna", "Nábytek", "Nářadí", "Nemocnice", "Obaly", "Papírny", "Pekárny", "Pivovar", "Plasty", "Pojišťovna", "Reality", "Sklárny",
        "Slévárna", "Stavby", "Strojírny", "Textil", "Tiskárna", "Vinařství", "Vodárny", "Zahradnictví",
    ],
    integrators: &["Systémy", "Informatika", "Sítě", "IT Služby"],
    countries: &[
        Country { code: "CZ", currency: "CZK", per_hundred_dollars: 2_290, calling: "420", share: 3,
            forms: &["s.r.o.", "a.s.", "spol. s r.o.", "v.o.s."],
            cities: &["Brno", "Jihlava", "Liberec", "Olomouc", "Opava", "Ostrava", "Plzeň", "Tábor", "Zlín"] },
    ],
};

#[rustfmt::skip]
pub(super) const TURKISH: Culture = Culture {
    locale: "tr", trade_first: false, and: "ve", native: &[], native_trades: &[],
    given: &[
        "Ahmet", "Ali", "Ayşe", "Burak", "Can", "Cem", "Deniz", "Ebru", "Elif", "Emre", "Fatma", "Gül", "Hakan", "İrem", "Kerem", "Mehmet",
        "Merve", "Murat", "Pınar", "Selin", "Tolga", "Zeynep",
    ],
    family: &[
        "Acar", "Akbaş", "Aksoy", "Altın", "Arslan", "Avcı", "Aydın", "Başaran", "Bozkurt", "Bulut", "Çağlar", "Çelik", "Çetinkaya", "Demir",
        "Doğan", "Erdoğdu", "Ergün", "Güneş", "Kaplan", "Karaca", "Kılıç", "Koç", "Korkmaz", "Öztürk", "Polat", "Sarı", "Şahin", "Şimşek",
        "Taşkın", "Tekin", "Toprak", "Uçar", "Uysal", "Ünal", "Yalçın", "Yıldırım", "Yıldız", "Yılmaz", "Zengin",
    ],
    trades: &[
        "Ambalaj", "Cam", "Çimento", "Demir Çelik", "Deri", "Elektrik", "Enerji", "Gemi", "Gıda", "Halı", "Hastanesi", "İnşaat", "Kablo",
        "Kağıt", "Kimya", "Lojistik", "Madencilik", "Makina", "Matbaa", "Mobilya", "Nakliyat", "Otomotiv", "Plastik", "Sağlık", "Seramik",
        "Sigorta", "Tarım", "Tekstil", "Turizm", "Zeytinyağı",
    ],
    integrators: &["Bilişim", "Yazılım", "Teknoloji", "Sistem"],
    countries: &[
        Country { code: "TR", currency: "USD", per_hundred_dollars: 100, calling: "90", share: 3,
            forms: &["A.Ş.", "Ltd. Şti.", "San. ve Tic. A.Ş.", "San. ve Tic. Ltd. Şti."],
            cities: &["Adana", "Antalya", "Bursa", "Denizli", "Eskişehir", "Gaziantep", "İzmir", "Kayseri", "Konya", "Mersin", "Trabzon"] },
    ],
};

#[rustfmt::skip]
pub(super) const JAPANESE: Culture = Culture {
    locale: "ja", trade_first: false, and: "&",
    native: &[
        ("山田", "Yamada"), ("佐藤", "Sato"), ("鈴木", "Suzuki"), ("高橋", "Takahashi"), ("田中", "Tanaka"), ("渡辺", "Watanabe"), ("中村", "Nakamura"),
        ("小林", "Kobayashi"), ("加藤", "Kato"), ("吉田", "Yoshida"), ("松本", "Matsumoto"), ("井上", "Inoue"), ("木村", "Kimura"), ("清水", "Shimizu"),
        ("山崎", "Yamazaki"), ("池田", "Ikeda"), ("橋本", "Hashimoto"), ("石川", "Ishikawa"), ("前田", "Maeda"), ("藤田", "Fujita"), ("岡田", "Okada"),
        ("長谷川", "Hasegawa"), ("村上", "Murakami"), ("近藤", "Kondo"), ("石井", "Ishii"), ("坂本", "Sakamoto"), ("遠藤", "Endo"), ("青木", "Aoki"),
        ("西村", "Nishimura"), ("福田", "Fukuda"), ("太田", "Ota"), ("三浦", "Miura"), ("岡本", "Okamoto"), ("中川", "Nakagawa"), ("原田", "Harada"),
        ("小野", "Ono"), ("竹内", "Takeuchi"), ("金子", "Kaneko"), ("和田", "Wada"), ("上野", "Ueno"), ("新潟", "Niigata"), ("金沢", "Kanazawa"),
        ("仙台", "Sendai"), ("神戸", "Kobe"), ("長崎", "Nagasaki"), ("松山", "Matsuyama"), ("富士見", "Fujimi"), ("桜川", "Sakuragawa"),
    ],
    native_trades: &[
        ("製作所", "Seisakusho"), ("工業", "Kogyo"), ("商事", "Shoji"), ("建設", "Kensetsu"), ("食品", "Shokuhin"), ("化学", "Kagaku"), ("電機", "Denki"),
        ("運輸", "Unyu"), ("製薬", "Seiyaku"), ("印刷", "Insatsu"), ("機械", "Kikai"), ("不動産", "Fudosan"), ("酒造", "Shuzo"), ("水産", "Suisan"),
        ("倉庫", "Soko"), ("精密", "Seimitsu"), ("鉄工", "Tekko"), ("硝子", "Garasu"), ("紡績", "Boseki"), ("造船", "Zosen"), ("農園", "Noen"),
        ("医療機器", "Iryokiki"), ("設計事務所", "Sekkei"), ("ホテル", "Hotel"),
    ],
    given: &[
        "Akari", "Akira", "Ayumi", "Daiki", "Emi", "Haruka", "Hiroshi", "Kaori", "Kazuki", "Kenji", "Mai", "Makoto", "Mika", "Naoki", "Rina",
        "Ryo", "Sakura", "Satoshi", "Shota", "Takashi", "Yui", "Yuki", "Yusuke",
    ],
    family: &[
        "Aoki", "Endo", "Fujita", "Fukuda", "Goto", "Harada", "Hasegawa", "Hashimoto", "Hayashi", "Honda", "Ikeda", "Inoue", "Ishikawa", "Ito",
        "Kaneko", "Kato", "Kimura", "Kobayashi", "Kondo", "Maeda", "Matsumoto", "Miura", "Mori", "Murakami", "Nakagawa", "Nakajima", "Nakamura",
        "Nishimura", "Ogawa", "Okada", "Ota", "Saito", "Sakamoto", "Sasaki", "Shimizu", "Suzuki", "Takahashi", "Takeuchi", "Tanaka", "Ueda",
        "Wada", "Watanabe", "Yamada", "Yamaguchi", "Yamamoto", "Yamazaki", "Yoshida",
    ],
    trades: &[
        "Ceramics", "Chemical", "Construction", "Electric", "Fisheries", "Foods", "Glass", "Heavy Industries", "Hotels", "Instruments", "Kogyo",
        "Logistics", "Machinery", "Medical", "Optical", "Paper", "Pharmaceutical", "Precision", "Printing", "Railway", "Seiko", "Shipbuilding",
        "Shoji", "Spinning", "Steel", "Tea", "Trading", "Warehouse",
    ],
    integrators: &["Systems", "Information Services", "Network Solutions", "Solutions", "Data"],
    countries: &[
        Country { code: "JP", currency: "JPY", per_hundred_dollars: 15_000, calling: "81", share: 6,
            forms: &["K.K.", "Co., Ltd.", "Corporation", "G.K."],
            cities: &["Fukuoka", "Hamamatsu", "Kobe", "Kyoto", "Nagoya", "Niigata", "Okayama", "Osaka", "Sapporo", "Sendai", "Yokohama"] },
    ],
};
