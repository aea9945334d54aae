use proptest::prelude::*;

use super::{NameFault, NameKey, TrigramText};

fn key(name: &str, country: &str) -> String {
    NameKey::from_legal_name(name, country).map_or_else(|fault| fault.code().to_owned(), |key| key.to_string())
}

const WITH_LEGAL_FORMS: &[(&str, &str, &str)] = &[
    ("Acme, Inc.", "US", "acme"),
    ("ACME Incorporated", "US", "acme"),
    ("Acme Corp", "US", "acme"),
    ("The Acme Corporation", "US", "acme"),
    ("Acme L.L.C.", "US", "acme"),
    ("Acme L. L. C.", "US", "acme"),
    ("Acme Limited Liability Company", "US", "acme"),
    ("Acme Co., Ltd.", "CN", "acme"),
    ("The Walt Disney Company", "US", "walt disney"),
    ("Tiffany & Co.", "US", "tiffany"),
    ("Acme PLC", "GB", "acme"),
    ("Acme Public Limited Company", "GB", "acme"),
    ("Müller GmbH & Co. KG", "DE", "muller"),
    ("Müller GmbH und Co KG", "DE", "muller"),
    ("Muller G.m.b.H. u. Co. KGaA", "de", "muller"),
    (
        "Kranbau Köthen Gesellschaft mit beschränkter Haftung",
        "DE",
        "kranbau kothen",
    ),
    ("Startup UG (haftungsbeschränkt)", "DE", "startup"),
    ("Großbäckerei Weiß e.K.", "DE", "grossbackerei weiss"),
    ("SAP SE", "DE", "sap"),
    ("Roche Holding AG", "CH", "roche holding"),
    ("L'Oréal S.A.", "FR", "loreal"),
    ("Dupont SARL", "FR", "dupont"),
    ("Pictet & Cie SA", "CH", "pictet"),
    ("Ferrari S.p.A.", "IT", "ferrari"),
    ("Ferrari S. p. A.", "US", "ferrari"),
    ("Ferrari SPA", "IT", "ferrari"),
    ("Bar Roma S.r.l.", "IT", "bar roma"),
    ("Philips N.V.", "NL", "philips"),
    ("Booking.com B.V.", "NL", "booking com"),
    (
        "Telefonaktiebolaget LM Ericsson (publ) AB",
        "SE",
        "telefonaktiebolaget lm ericsson publ",
    ),
    ("Volvo AB (publ)", "SE", "volvo"),
    ("A.P. Møller - Mærsk A/S", "DK", "ap moller maersk"),
    ("Lego ApS", "DK", "lego"),
    ("Equinor ASA", "NO", "equinor"),
    ("Hansen AS", "NO", "hansen"),
    ("Nokia Oyj", "FI", "nokia"),
    ("Bolt Technology OÜ", "EE", "bolt technology"),
    ("Atlassian Pty Ltd", "AU", "atlassian"),
    ("Atlassian (Pty.) Limited", "ZA", "atlassian"),
    ("Infosys Pvt. Ltd.", "IN", "infosys"),
    ("Infosys Private Limited", "IN", "infosys"),
    ("Grab Pte. Ltd.", "SG", "grab"),
    ("Petronas Sdn. Bhd.", "MY", "petronas"),
    ("PT Telkom Indonesia (Persero) Tbk", "ID", "telkom indonesia persero"),
    ("Allegro Sp. z o.o.", "PL", "allegro"),
    ("Allegro sp. z o. o. sp. k.", "PL", "allegro"),
    ("Łódź Spółka z ograniczoną odpowiedzialnością", "PL", "lodz"),
    ("Škoda Auto a.s.", "CZ", "skoda auto"),
    ("Novák s.r.o.", "CZ", "novak"),
    ("Novák spol. s r.o.", "CZ", "novak"),
    ("Prezi Kft.", "HU", "prezi"),
    ("Infobip d.o.o.", "HR", "infobip"),
    ("Silva Ltda.", "BR", "silva"),
    ("Vale S/A", "BR", "vale"),
    ("Cemex S.A.B. de C.V.", "MX", "cemex"),
    ("Grupo Bimbo, S. A. de C. V.", "MX", "grupo bimbo"),
    ("Arçelik A.Ş.", "TR", "arcelik"),
    ("IŞIK Ltd. Şti.", "TR", "isik"),
    ("Işık LTD ŞTİ", "TR", "isik"),
    ("UAB Vinted", "LT", "vinted"),
    ("ООО «Ромашка»", "RU", "romashka"),
    ("Δέλτα Α.Ε.", "GR", "delta"),
    ("טבע בע\"מ", "IL", "טבע"),
    ("株式会社トヨタ自動車", "JP", "トヨタ自動車"),
    ("トヨタ自動車株式会社", "JP", "トヨタ自動車"),
    ("㈱トヨタ自動車", "JP", "トヨタ自動車"),
    ("トヨタ自動車（株）", "JP", "トヨタ自動車"),
    ("ﾄﾖﾀ㍿", "JP", "トヨタ"),
    ("Toyota K.K.", "JP", "toyota"),
    ("华为技术有限公司", "CN", "华为技术"),
    ("台積電股份有限公司", "TW", "台積電"),
    ("삼성전자 주식회사", "KR", "삼성전자"),
    ("㈜카카오", "KR", "카카오"),
    ("บริษัท ปตท. จำกัด (มหาชน)", "TH", "ปตท"),
    ("Công ty TNHH Đại Phát", "VN", "dai phat"),
];

#[test]
fn legal_forms_of_many_countries_are_set_aside() {
    for (name, country, expected) in WITH_LEGAL_FORMS {
        assert_eq!(key(name, country), *expected, "{name}");
    }
}

#[test]
fn words_that_look_like_legal_forms_stay() {
    let table = [
        ("Urban Spa", "US", "urban spa"),
        ("Oakland A's", "US", "oakland as"),
        ("Premier Ag", "US", "premier ag"),
        ("S.C. Johnson & Son", "US", "sc johnson and son"),
        ("P.T. Barnum", "US", "pt barnum"),
        ("Jan de Vos", "NL", "jan de vos"),
        ("SIA Engineering Company", "SG", "sia engineering"),
        ("Plan B S.A.", "FR", "plan b"),
        ("Company of Heroes", "US", "company of heroes"),
        ("Incorporated Minds", "US", "incorporated minds"),
        ("Theatre Royal", "GB", "theatre royal"),
    ];
    for (name, country, expected) in table {
        assert_eq!(key(name, country), expected, "{name}");
    }
}

#[test]
fn spelling_does_not_matter() {
    let table = [
        ("AT&T", "at and t"),
        ("A T and T", "at and t"),
        ("J. P. Morgan", "jp morgan"),
        ("J.P. Morgan", "jp morgan"),
        ("JP Morgan", "jp morgan"),
        ("O’Reilly   Media", "oreilly media"),
        ("O'REILLY\tMedia", "oreilly media"),
        ("Ｆｕｊｉｔｓｕ", "fujitsu"),
        ("ﬁne ﬂoors", "fine floors"),
        ("Cafe\u{301} Zoë", "cafe zoe"),
        ("Acme™ Soft®ware", "acme soft ware"),
        ("Ac\u{ad}me\u{200b}", "acme"),
        ("\"Acme\" – [Berlin]", "acme berlin"),
        ("Ærø Ðuro Þór Œuvre Ħal", "aero duro thor oeuvre hal"),
        ("ΟΔΟΣ οδός", "odos odos"),
        ("Ёлка", "elka"),
        ("नमस्ते इंडिया", "नमस्ते इंडिया"),
        ("がか", "がか"),
        ("مؤسسة", "موسسة"),
    ];
    for (name, expected) in table {
        assert_eq!(key(name, "US"), expected, "{name}");
    }
}

#[test]
fn a_visible_name_never_becomes_empty() {
    let table = [
        ("Limited", "limited"),
        ("The Limited", "limited"),
        ("The The", "the"),
        ("The Company, Inc.", "company"),
        ("S.A.", "sa"),
        ("GmbH & Co. KG", "gmbh"),
        ("有限公司", "有限公司"),
        ("!!!", "!!!"),
        ("★ ★", "★ ★"),
        ("&", "and"),
        ("", "name_empty"),
        (" \t\u{200b}\0 ", "name_empty"),
    ];
    for (name, expected) in table {
        assert_eq!(key(name, "US"), expected, "{name:?}");
    }
    assert_eq!(NameKey::from_legal_name("  ", "US"), Err(NameFault::Empty));
}

#[test]
fn trigrams_are_taken_of_the_key() {
    let text = NameKey::from_legal_name("The Müller Co.", "US").map(|key| TrigramText::from(&key));
    assert_eq!(text.as_ref().map(TrigramText::as_str), Ok("muller"));
}

fn settles(name: &str, country: &str) -> Result<(), TestCaseError> {
    if let Ok(key) = NameKey::from_legal_name(name, country) {
        prop_assert!(!key.as_str().is_empty());
        prop_assert!(!key.as_str().chars().any(char::is_control));
        prop_assert_eq!(key.as_str().trim(), key.as_str());
        prop_assert_eq!(NameKey::from_legal_name(key.as_str(), country), Ok(key));
    }
    Ok(())
}

fn countries() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["US", "IT", "NO", "EE", "DE", "ID", "CZ", "RO", "BR", "", "zz"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_text_settles_at_once(name in any::<String>(), country in countries()) {
        settles(&name, country)?;
    }

    #[test]
    fn any_heap_of_forms_and_initials_settles_at_once(
        parts in prop::collection::vec(prop::sample::select(vec![
            "the", "The", "S.A.", "s", "p", "a", "A", "S/A", "SpA", "as", "A.S.", "AS", "Co", "&", "and", "KG", "GmbH",
            "株", "株式会社", "公司", "トヨタ", "sia", "o", "z", "PT", "sc", "S.C.", "de", "C.V.", "!", "x", "Müller", "주",
        ]), 0..8),
        glue in prop::sample::select(vec![" ", ".", "", "/", "-"]),
        country in countries(),
    ) {
        settles(&parts.join(glue), country)?;
    }

    #[test]
    fn case_and_legal_form_do_not_matter(
        words in prop::collection::vec("[a-zäöüéñ]{3,9}", 1..4),
        form in prop::sample::select(vec!["Inc.", "Ltd", "GmbH & Co. KG", "S.A. de C.V.", "Sp. z o.o.", "株式会社"]),
    ) {
        let plain = words.join(" ");
        let key = NameKey::from_legal_name(&plain, "US");
        prop_assert_eq!(&NameKey::from_legal_name(&format!("The {plain}, {form}"), "US"), &key);
        prop_assert_eq!(&NameKey::from_legal_name(&plain.to_uppercase(), "US"), &key);
    }
}
