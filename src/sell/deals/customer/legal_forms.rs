#[cfg(test)]
mod tests;

/// Forms written behind the name. The words of a form are written together, because the end of a name is compared
/// without its spaces: "S. A. de C. V.", "SA de CV" and "S.A. DE C.V." are one. Forms are set aside one after another,
/// so "GmbH & Co. KG" needs no entry beside its parts. Spelled as names are folded.
#[rustfmt::skip]
const TRAILING: &[&str] = &[
    // English
    "inc", "incorporated", "corp", "corporation", "co", "company", "andco", "andcompany", "llc", "lllp", "llp", "lp",
    "pllc", "plc", "ltd", "limited", "limitedliabilitycompany", "limitedliabilitypartnership", "limitedpartnership",
    "publiclimitedcompany", "pty", "proprietarylimited", "proprietaryltd", "pvt", "privatelimited", "privateltd", "pltd",
    "pte", "dac", "clg", "cyf", "fzco", "fze", "fzllc", "wll", "dmcc", "pjsc", "psc",
    // German
    "gmbh", "ggmbh", "mbh", "gesmbh", "gesellschaftmitbeschrankterhaftung", "aktiengesellschaft", "kg", "kgaa",
    "kommanditgesellschaft", "ohg", "ug", "haftungsbeschrankt", "gbr", "se", "undco", "uco",
    // French, Italian, Spanish, Portuguese
    "sa", "sas", "sasu", "sarl", "eurl", "snc", "societeanonyme", "sprl", "bvba", "andcie", "etcie", "cie", "scsp", "sagl",
    "srl", "srls", "societaperazioni", "sl", "slu", "sau", "sadecv", "sabdecv", "sapidecv", "srldecv", "sderldecv",
    "sociedadanonima", "sociedadlimitada", "lda", "ltda", "limitada", "eireli", "unipessoal",
    // Dutch, Nordic, Baltic
    "bv", "nv", "vof", "ab", "abpubl", "aktiebolag", "aps", "aktieselskab", "aksjeselskap", "oy", "oyj", "osakeyhtio",
    "ehf", "uab", "sia",
    // Central and eastern Europe, Turkey
    "spzoo", "spolkazoo", "spolkaakcyjna", "spolkazograniczonaodpowiedzialnoscia", "sro", "spolsro", "kft", "zrt", "nyrt",
    "doo", "eood", "ood", "ead", "anonimsirketi", "limitedsirketi", "ltdsti", "sanvetic", "sanayiveticaret",
    "ооо", "оао", "зао", "пао", "ао", "тов", "прат", "пат", "тоо", "оод", "еоод", "ад", "еад", "доо", "αε", "επε", "ικε",
    // Written out
    "anpartsselskab", "allmennaksjeselskap", "aktsiaselts", "osauhing", "akciovaspolecnost", "akciovaspolocnost",
    "spolecnostsrucenimomezenym", "spolocnostsrucenimobmedzenym", "verejnaobchodnispolecnost", "dionickodrustvo",
    "akcionarskodrustvo", "drustvosogranicenomodgovornoscu", "delniskadruzba", "druzbazomejenoodgovornostjo",
    "korlatoltfelelossegutarsasag", "reszvenytarsasag", "zartkoruenmukodoreszvenytarsasag",
    "nyilvanosanmukodoreszvenytarsasag", "betetitarsasag", "beslotenvennootschap", "naamlozevennootschap",
    "vennootschaponderfirma", "commanditairevennootschap", "societeparactionssimplifiee", "societearesponsabilitelimitee",
    "societecivile", "scea", "sci", "offenehandelsgesellschaft", "gesellschaftburgerlichenrechts", "eingetragenerverein",
    "eingetragenergenossenschaft", "partg", "partgmbb", "partnerschaftsgesellschaft", "unternehmergesellschaft",
    "societaaresponsabilitalimitata", "unipersonale", "societasemplice", "sociedadanonimadecapitalvariable",
    "sociedadderesponsabilidadlimitada", "sociedadlimitadaunipersonal", "sociedadeanonima", "sociedadelimitada",
    "sociedadeunipessoal", "societatepeactiuni", "societatecuraspunderelimitata", "sabiedribaarierobezotuatbildibu",
    "uzdarojiakcinebendrove", "aktionernodruzhestvo",
    // Asia and the Middle East; the single characters are what the compatibility form makes of ㈱, ㈲ and ㈜
    "kk", "gk", "yk", "kabushikikaisha", "kabushikigaisha", "godokaisha", "tbk", "sdn", "bhd", "株", "有", "주", "בעמ",
    "จํากัด", "มหาชน",
];

/// Forms written before the name, and the article.
#[rustfmt::skip]
const LEADING: &[&str] = &[
    "the", "congtytnhh", "congtycophan", "congtycp", "株", "有", "주", "บริษัท",
    "ооо", "оао", "зао", "пао", "ао", "тов", "прат", "пат", "тоо", "ип", "оод", "еоод",
];

/// Forms behind the name that are words, names or places elsewhere: set aside when written in several parts ("S.p.A.",
/// "A/S"), or when the country is one that uses them.
#[rustfmt::skip]
const TRAILING_WHERE_USED: &[(&str, &[&str])] = &[
    ("ad", &["BG", "ME", "MK", "RS"]),
    ("ag", &["AT", "CH", "DE", "LI"]),
    ("as", &["CZ", "DK", "EE", "FO", "GL", "LV", "NO", "SK", "TR"]),
    ("asa", &["NO"]),
    ("bt", &["HU"]),
    ("dd", &["BA", "HR", "SI"]),
    ("eg", &["DE"]),
    ("ek", &["DE"]),
    ("ev", &["DE"]),
    ("hf", &["IS"]),
    ("is", &["DK"]),
    ("me", &["BR"]),
    ("ou", &["EE"]),
    ("pc", &["US"]),
    ("spa", &["CL", "DZ", "IT", "SM"]),
    ("spj", &["PL"]),
    ("spk", &["PL"]),
    ("vos", &["CZ", "SK"]),
];

/// Forms before the name that are initials elsewhere ("S.C. Johnson", "P.T. Barnum"): set aside only where used.
#[rustfmt::skip]
const LEADING_WHERE_USED: &[(&str, &[&str])] = &[
    ("as", &["EE", "LV"]),
    ("cv", &["ID"]),
    ("ou", &["EE"]),
    ("pt", &["ID"]),
    ("sc", &["RO"]),
    ("sia", &["LV"]),
    ("uab", &["LT"]),
];

/// Forms of scripts without spaces, written against the name on either side; what contains another stands before it.
#[rustfmt::skip]
const ATTACHED: &[&str] = &[
    "股份有限公司", "有限責任公司", "有限责任公司", "有限公司", "公司", "株式会社", "株式會社", "有限会社", "合同会社",
    "合資会社", "合名会社", "주식회사", "유한책임회사", "유한회사",
];

/// Longer than the longest form in bytes: a stretch of words beyond it is none.
const LONGEST: usize = 48;

/// The words of a folded name without the legal forms around it. At least one word is left if there was one.
pub(super) fn strip_legal_forms<'a>(mut words: Vec<&'a str>, country: &str) -> Vec<&'a str> {
    loop {
        if let Some(count) = leading(&words, country) {
            words.drain(..count);
        } else if let Some(count) = trailing(&words, country) {
            words.truncate(words.len().saturating_sub(count));
        } else if !strip_attached(&mut words) {
            return words;
        }
    }
}

/// How many words at the start are a form; the longest form wins.
fn leading(words: &[&str], country: &str) -> Option<usize> {
    let mut found = None;
    let mut text = String::new();
    for (index, word) in words.iter().take(words.len().saturating_sub(1)).enumerate() {
        text.push_str(word);
        if text.len() > LONGEST {
            break;
        }
        if LEADING.contains(&text.as_str()) || is_used(LEADING_WHERE_USED, &text, country) {
            found = Some(index + 1);
        }
    }
    found
}

/// How many words at the end are a form; the longest form wins.
fn trailing(words: &[&str], country: &str) -> Option<usize> {
    let mut found = None;
    let mut text = String::new();
    for (index, word) in words.iter().skip(1).rev().enumerate() {
        text.insert_str(0, word);
        if text.len() > LONGEST {
            break;
        }
        let in_parts = index > 0 && TRAILING_WHERE_USED.iter().any(|(form, _)| *form == text);
        if in_parts || TRAILING.contains(&text.as_str()) || is_used(TRAILING_WHERE_USED, &text, country) {
            found = Some(index + 1);
        }
    }
    found
}

fn is_used(table: &[(&str, &[&str])], text: &str, country: &str) -> bool {
    table
        .iter()
        .any(|(form, countries)| *form == text && countries.iter().any(|c| c.eq_ignore_ascii_case(country)))
}

/// Cuts one form off the first or the last word, or drops a word that is one; false when nothing changed.
fn strip_attached(words: &mut Vec<&str>) -> bool {
    if let [only] = words.as_slice()
        && ATTACHED.contains(only)
    {
        return false;
    }
    for form in ATTACHED {
        if let Some(rest) = words.first().and_then(|word| word.strip_prefix(form)) {
            replace(words, 0, rest);
            return true;
        }
        if let Some(rest) = words.last().and_then(|word| word.strip_suffix(form)) {
            replace(words, words.len().saturating_sub(1), rest);
            return true;
        }
    }
    false
}

fn replace<'a>(words: &mut Vec<&'a str>, index: usize, rest: &'a str) {
    if rest.is_empty() {
        words.remove(index);
    } else if let Some(word) = words.get_mut(index) {
        *word = rest;
    }
}
