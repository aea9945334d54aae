//! How a name is spelled in Latin letters without accents, so that "Ромашка" and "Romashka", "Müller" and "Mueller" meet.

/// Where vowels with an umlaut are also written with an e.
const UMLAUT_COUNTRIES: &[&str] = &["AT", "CH", "DE", "LI"];
/// Where й, ї, ю, я are also written with a y, which the folded name has lost.
const CYRILLIC_COUNTRIES: &[&str] = &["BG", "BY", "KG", "KZ", "MD", "MK", "MN", "RS", "RU", "TJ", "UA"];

/// What `&` is read as, beside "and": the folded name has "and" for the sign. Folded.
#[rustfmt::skip]
const AND: &[(&str, &[&str])] = &[
    ("en", &["BE", "NL"]), ("et", &["BE", "CH", "FR", "LU"]), ("och", &["SE"]), ("og", &["DK", "NO"]),
    ("und", &["AT", "CH", "DE", "LI"]), ("y", &["AR", "CL", "CO", "ES", "MX", "PE"]),
];

/// Names of countries behind a company's name: the part of a group that works there. Folded.
#[rustfmt::skip]
const COUNTRY_NAMES: &[(&str, &[&str])] = &[
    ("AT", &["austria", "osterreich"]), ("AU", &["australia"]), ("BE", &["belgie", "belgique", "belgium"]),
    ("BR", &["brasil", "brazil"]), ("CA", &["canada"]), ("CH", &["schweiz", "suisse", "svizzera", "switzerland"]),
    ("CN", &["china"]), ("CZ", &["czech", "czechia"]), ("DE", &["deutschland", "germany"]),
    ("DK", &["danmark", "denmark"]), ("ES", &["espana", "spain"]), ("FI", &["finland", "suomi"]), ("FR", &["france"]),
    ("GB", &["britain", "uk"]), ("IE", &["ireland"]), ("IN", &["india"]), ("IT", &["italia", "italy"]),
    ("JP", &["japan"]), ("MX", &["mexico"]), ("NL", &["nederland", "netherlands"]), ("NO", &["norge", "norway"]),
    ("PL", &["poland", "polska"]), ("PT", &["portugal"]), ("SE", &["sverige", "sweden"]), ("US", &["america", "usa"]),
];
/// "Bank of China" is no China of a "Bank of".
const JOINING: &[&str] = &["of", "de", "do", "da", "du", "di", "von", "und", "and", "the"];
/// Less than this before a country's name says nothing alone: "Air France".
const SHORTEST_ALONE: usize = 4;

fn is_in(country: &str, countries: &[&str]) -> bool {
    countries.iter().any(|one| one.eq_ignore_ascii_case(country))
}

/// A folded word in Latin letters, as people of the country write it in them.
pub(super) fn spell(word: &str, country: &str) -> String {
    if AND
        .iter()
        .any(|(and, countries)| *and == word && is_in(country, countries))
    {
        return "and".to_owned();
    }
    let word = transliterate(word);
    if is_in(country, UMLAUT_COUNTRIES) {
        return without_umlauts(word);
    }
    if is_in(country, CYRILLIC_COUNTRIES) {
        return word.replace('y', "i");
    }
    word
}

/// Letter by letter, near BGN/PCGN for Cyrillic and ISO 843 for Greek. `и` and `й` are one letter in a folded name.
#[expect(clippy::too_many_lines, reason = "a table of two alphabets")]
fn transliterate(word: &str) -> String {
    let mut latin = String::with_capacity(word.len());
    let mut before = '\0';
    for c in word.chars() {
        let spelled = match c {
            'а' => "a",
            'б' => "b",
            'в' => "v",
            'г' | 'ґ' => "g",
            'д' => "d",
            'ђ' => "dj",
            'е' | 'э' | 'є' => "e",
            'ж' => "zh",
            'з' => "z",
            'и' | 'і' | 'ы' => "i",
            'ј' => "j",
            'к' => "k",
            'л' => "l",
            'љ' => "lj",
            'м' => "m",
            'н' => "n",
            'њ' => "nj",
            'о' => "o",
            'п' => "p",
            'р' => "r",
            'с' => "s",
            'т' => "t",
            'ћ' | 'ч' => "ch",
            'у' | 'ў' => "u",
            'ф' => "f",
            'х' => "kh",
            'ц' => "ts",
            'џ' => "dz",
            'ш' => "sh",
            'щ' => "shch",
            'ъ' | 'ь' => "",
            'ю' => "iu",
            'я' => "ia",
            'α' => "a",
            'β' => "v",
            'γ' => "g",
            'δ' => "d",
            'ε' => "e",
            'ζ' => "z",
            'η' | 'ι' => "i",
            'θ' => "th",
            'κ' => "k",
            'λ' => "l",
            'μ' => "m",
            'ν' => "n",
            'ξ' => "x",
            'ο' | 'ω' => "o",
            'π' => "p",
            'ρ' => "r",
            'σ' | 'ς' => "s",
            'τ' => "t",
            'υ' if matches!(before, 'α' | 'ε' | 'ο') => "u",
            'υ' => "y",
            'φ' => "f",
            'χ' => "ch",
            'ψ' => "ps",
            other => {
                latin.push(other);
                before = other;
                continue;
            }
        };
        latin.push_str(spelled);
        before = c;
    }
    latin
}

/// "ae", "oe" and "ue" as the folded name has the letters with an umlaut. Not behind a vowel or a q: "neue", "Quelle".
fn without_umlauts(mut word: String) -> String {
    loop {
        let mut shorter = String::with_capacity(word.len());
        let mut before = '\0';
        let mut letters = word.chars().peekable();
        while let Some(c) = letters.next() {
            shorter.push(c);
            let behind = matches!(before, 'a' | 'e' | 'i' | 'o' | 'u' | 'q');
            if matches!(c, 'a' | 'o' | 'u') && !behind && letters.peek() == Some(&'e') {
                letters.next();
            }
            before = c;
        }
        if shorter == word {
            return word;
        }
        word = shorter;
    }
}

/// Drops the name of the customer's own country from the end.
pub(super) fn strip_country(words: &mut Vec<String>, country: &str) {
    let Some((_, names)) = COUNTRY_NAMES
        .iter()
        .find(|(code, _)| code.eq_ignore_ascii_case(country))
    else {
        return;
    };
    let [rest @ .., last] = words.as_slice() else {
        return;
    };
    let joined = rest.last().is_none_or(|word| JOINING.contains(&word.as_str()));
    let letters: usize = rest.iter().map(|word| word.chars().count()).sum();
    if names.contains(&last.as_str()) && !joined && letters >= SHORTEST_ALONE {
        words.pop();
    }
}
