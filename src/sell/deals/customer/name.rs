use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::legal_forms::strip_legal_forms;
use super::spelling::{spell, strip_country};

#[cfg(test)]
mod tests;

/// A company's legal name in the form that tells whether two registrations name the same company: lower case, no
/// accents, no punctuation, `and` for `&`, without its legal form ("GmbH & Co. KG", "Inc.", "株式会社") and without a
/// leading "the". Cyrillic and Greek are written in Latin letters, umlauts without their e where people write both, and
/// the customer's own country behind the name is set aside ("Contoso Deutschland"). Other scripts stay as they are, vowel
/// signs included. A key is its own key.
///
/// It grows with its input, at most eighteen-fold (one Arabic ligature spells a sentence): bound the input's length.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(String);

/// Why a text is no company's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing visible in it.
    #[error("the company name is empty: give the customer's legal name")]
    Empty,
}

impl NameFault {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "name_empty",
        }
    }
}

impl NameKey {
    /// The key of a legal name. The country (ISO 3166 alpha-2, either case) decides about legal forms that are words
    /// elsewhere: "Spa" is set aside in Italy and kept in Ireland, "S.p.A." is set aside everywhere. So a key is
    /// computed again when a customer's country changes.
    ///
    /// What would be left empty is kept: the company "Limited" has the key "limited", the company "!!!" has "!!!".
    ///
    /// # Errors
    /// [`NameFault::Empty`] when nothing in the name is visible.
    pub fn from_legal_name(name: &str, country: &str) -> Result<Self, NameFault> {
        // Initials that are joined can make a word that doesn't count, or another's spelling.
        let key = read(&read(name, country), country);
        if key.is_empty() {
            Err(NameFault::Empty)
        } else {
            Ok(Self(key))
        }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn read(name: &str, country: &str) -> String {
    let text = fold(name);
    let words: Vec<&str> = text
        .split(|c| !is_word_char(c))
        .filter(|word| !word.is_empty())
        .collect();
    let words = essential(words, country);
    if words.is_empty() {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        join_initials(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// The text that `pg_trgm` compares: the name key, so that neither accents nor legal forms make names look alike or
/// apart. Needs a database whose character type is not `C`, or `pg_trgm` sees no letter beyond ASCII.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrigramText(String);

impl TrigramText {
    /// The text as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&NameKey> for TrigramText {
    fn from(key: &NameKey) -> Self {
        Self(key.0.clone())
    }
}

impl fmt::Display for NameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Compatibility form, lower case, letters without accents, one way to write each. Control characters become spaces.
pub(super) fn fold(name: &str) -> String {
    // Trade marks go first: the compatibility form would make letters of them.
    let unmarked = name.chars().filter(|c| !matches!(c, '™' | '℠'));
    let lower = unmarked.nfkc().collect::<String>().to_lowercase();
    let mut folded = String::with_capacity(lower.len());
    for c in lower.nfkd().filter(|c| !is_dropped(*c)) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ŧ' => folded.push('t'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            '&' => folded.push_str(" and "),
            c if c.is_control() => folded.push(' '),
            c => folded.push(c),
        }
    }
    folded.nfc().collect()
}

/// Accents of the scripts whose readers leave them out, apostrophes (they join: "O'Reilly" is "OReilly"), and what is
/// invisible. The marks of other scripts are letters to their readers and stay.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{640}' | '\u{64b}'..='\u{655}' | '\u{670}'
        | '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2032}'
        | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

pub(super) fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// The words of a name without legal forms and country, in Latin letters where there is one way to write them so. Forms
/// are looked for in both spellings, and again when a country stood behind them, until nothing changes.
fn essential(words: Vec<&str>, country: &str) -> Vec<String> {
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    loop {
        let bare = strip_legal_forms(words.iter().map(String::as_str).collect(), country);
        let mut next: Vec<String> = bare.into_iter().map(|word| spell(word, country)).collect();
        next.retain(|word| !word.is_empty());
        strip_country(&mut next, country);
        if next == words || next.is_empty() {
            return if next.is_empty() { words } else { next };
        }
        words = next;
    }
}

/// Joins words with spaces, and runs of initials without: "J. P. Morgan", "J.P. Morgan" and "JP Morgan" are one.
fn join_initials(words: &[&str]) -> String {
    let mut key = String::new();
    let mut after_initial = false;
    for word in words {
        let initial = is_initial(word);
        let continues = initial && after_initial;
        if !continues && !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
        after_initial = initial;
    }
    key
}

/// A single letter of a script that has capitals.
fn is_initial(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_lowercase) && letters.next().is_none()
}
