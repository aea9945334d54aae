//! The characters that payment files may have.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Greek letters, each before its Latin ones (ISO 843, as EPC217-08 has it).
const GREEK: &str = "ΑA ΒV ΓG ΔD ΕE ΖZ ΗI ΘTH ΙI ΚK ΛL ΜM ΝN ΞX ΟO ΠP ΡR ΣS ΤT ΥY ΦF ΧCH ΨPS ΩO αa βv γg δd εe ζz ηi θth ιi κk λl \
    μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo";

/// Cyrillic letters, each before its Latin ones (the Bulgarian Transliteration Act, as EPC217-08 has it; Russian and
/// Ukrainian ones besides).
const CYRILLIC: &str = "АA БB ВV ГG ДD ЕE ЖZH ЗZ ИI КK ЛL МM НN ОO ПP РR СS ТT УU ФF ХH ЦTS ЧCH ШSH ЩSHT ЪA ЬY ЮYU ЯYA ЫY ЭE ІI аa бb \
    вv гg дd еe жzh зz иi кk лl мm нn оo пp рr сs тt уu фf хh цts чch шsh щsht ъa ьy юyu яya ыy эe іi";

/// Whether all banks in SEPA take the character: letters and digits of ASCII, ten punctuation marks and the space
/// (EPC132-08, section 1.4).
pub(crate) fn is_latin(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(
            character,
            ' ' | '/' | '-' | '?' | ':' | '(' | ')' | '.' | ',' | '\'' | '+'
        )
}

/// The text in the characters that all banks in SEPA take, by EPC217-08 (conversion table): a letter loses its accent,
/// Greek and Cyrillic letters are written in Latin ones, other punctuation becomes the nearest that is allowed, and what
/// has no equivalent becomes a full stop. White space is one space, and none at the ends.
pub(crate) fn latin(text: &str) -> Cow<'_, str> {
    if !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ") && text.chars().all(is_latin) {
        return Cow::Borrowed(text);
    }
    let mut latin = String::with_capacity(text.len());
    for character in text.nfd() {
        if character.is_whitespace() || character.is_control() {
            if !latin.is_empty() && !latin.ends_with(' ') {
                latin.push(' ');
            }
        } else if is_latin(character) {
            latin.push(character);
        } else if !is_combining_mark(character) {
            latin.push_str(equivalent(character));
        }
    }
    latin.truncate(latin.trim_end().len());
    Cow::Owned(latin)
}

/// At most `max` characters of [`latin`], cut without a space at the end.
pub(crate) fn latin_cut(text: &str, max: usize) -> String {
    let cut: String = latin(text).chars().take(max).collect();
    cut.trim_end().to_owned()
}

fn equivalent(character: char) -> &'static str {
    if let Some(mark) = punctuation(character) {
        return mark;
    }
    if character.is_ascii() {
        return ".";
    }
    latin_letter(character)
        .or_else(|| listed(GREEK, character))
        .or_else(|| listed(CYRILLIC, character))
        .unwrap_or(".")
}

fn listed(table: &'static str, character: char) -> Option<&'static str> {
    table.split(' ').find_map(|entry| entry.strip_prefix(character))
}

fn punctuation(character: char) -> Option<&'static str> {
    Some(match character {
        '&' => "+",
        ';' => ",",
        '_' | '‐'..='―' | '−' | '~' => "-",
        '‘'..='‛' | '`' | '´' | 'ʼ' | '′' => "'",
        '[' | '{' => "(",
        ']' | '}' => ")",
        '\\' | '|' | '⁄' => "/",
        '¿' => "?",
        '€' => "E",
        _ => return None,
    })
}

fn latin_letter(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' | 'ſ' => "s",
        'ẞ' => "S",
        'Æ' => "A",
        'æ' => "a",
        'Ø' | 'Œ' => "O",
        'ø' | 'œ' => "o",
        'Đ' | 'Ð' => "D",
        'đ' | 'ð' => "d",
        'Ł' | 'Ŀ' => "L",
        'ł' | 'ŀ' => "l",
        'Þ' | 'Ŧ' => "T",
        'þ' | 'ŧ' => "t",
        'Ħ' => "H",
        'ħ' => "h",
        'ı' => "i",
        'Ŋ' => "N",
        'ŋ' => "n",
        'ĸ' => ".",
        'ª' => "a",
        'º' => "o",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_as_banks_take_them() {
        for (text, written) in [
            ("Müller & Söhne GmbH", "Muller + Sohne GmbH"),
            ("Straße; Łódź_Øst", "Strase, Lodz-Ost"),
            ("Ψαρράς Θεόδωρος", "PSarras THeodoros"),
            ("Щастие ЕООД", "SHTastie EOOD"),
            ("  a\u{a0}\t b\r\n", "a b"),
            ("<&\"株!>", ".+...."),
            ("Ça—d’Alençon", "Ca-d'Alencon"),
        ] {
            assert_eq!(latin(text), written);
        }
    }

    proptest! {
        #[test]
        fn nothing_but_what_banks_take_comes_out(text in ".{0,60}", max in 0usize..20) {
            let written = latin(&text);
            prop_assert!(written.chars().all(is_latin));
            prop_assert_eq!(written.trim(), written.as_ref());
            prop_assert_eq!(latin(&written), written.clone());
            prop_assert!(latin_cut(&text, max).len() <= max);
        }
    }
}
