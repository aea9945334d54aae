//! Text made fit for a line: cleaned, then broken at its words.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::face::{Faces, Style};

/// A text as it can be drawn: composed (NFC), line breaks, tabs and control characters as spaces, runs of spaces as one.
/// Invisible characters go, among them those that turn the direction of writing and could disguise an amount or a name.
/// Characters that have no agreed meaning (private use, non-characters) become U+FFFD, as PDF/A-2a allows none.
pub(crate) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for char in text.nfc().filter(|char| !is_invisible(*char)) {
        if char.is_control() || char == ' ' || is_line_break(char) {
            space = !out.is_empty();
            continue;
        }
        if space {
            out.push(' ');
            space = false;
        }
        out.push(if is_meaningless(char) { '\u{fffd}' } else { char });
    }
    out
}

fn is_line_break(char: char) -> bool {
    matches!(char, '\u{2028}' | '\u{2029}')
}

fn is_invisible(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_meaningless(char: char) -> bool {
    let code = u32::from(char);
    matches!(code, 0xe000..=0xf8ff | 0xf_0000.. | 0xfdd0..=0xfdef) || code & 0xfffe == 0xfffe
}

/// Breaks a tidy text into at most `limit` lines of the given width. A line that is followed by another ends in the space
/// between them; a word wider than a line is broken between characters. What is beyond the limit is cut, and the last
/// line ends in an ellipsis.
pub(crate) fn wrap(faces: &Faces, text: &str, style: Style, width: f32, limit: usize) -> Vec<String> {
    let mut lines = vec![];
    let mut line = String::new();
    let mut used = 0.0;
    for word in text.split_inclusive(' ') {
        let bare = faces.width(word.trim_end(), style);
        if used + bare > width && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            used = 0.0;
        }
        if lines.len() > limit {
            break;
        }
        if bare <= width {
            line.push_str(word);
            used += faces.width(word, style);
            continue;
        }
        for grapheme in word.graphemes(true) {
            let wide = faces.width(grapheme, style);
            if used + wide > width && !line.is_empty() && grapheme != " " {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
                if lines.len() > limit {
                    break;
                }
            }
            line.push_str(grapheme);
            used += wide;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > limit {
        lines.truncate(limit);
        if let Some(last) = lines.last_mut() {
            shorten(faces, last, style, width);
        }
    }
    lines
}

/// Ends a line in an ellipsis, at the cost of as many characters as it takes.
fn shorten(faces: &Faces, line: &mut String, style: Style, width: f32) {
    loop {
        let marked = format!("{}\u{2026}", line.trim_end());
        let Some((last, _)) = line.grapheme_indices(true).next_back() else {
            *line = marked;
            return;
        };
        if faces.width(&marked, style) <= width {
            *line = marked;
            return;
        }
        line.truncate(last);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::face::BODY;

    #[test]
    fn a_text_is_cleaned() {
        let cases = [
            ("  Two\n\twords ", "Two words"),
            ("e\u{301}", "é"),
            ("abc\u{202e}001\u{202c}", "abc001"),
            ("a\u{0}b", "a b"),
            ("\u{e000}\u{ffff}", "\u{fffd}\u{fffd}"),
            ("\u{feff}", ""),
        ];
        for (given, tidied) in cases {
            assert_eq!(tidy(given), tidied);
        }
    }

    #[test]
    fn long_words_are_broken_and_long_texts_cut() {
        let faces = Faces::load().unwrap();
        let broken = wrap(&faces, &"x".repeat(100), BODY, 60.0, 100);
        assert!(broken.len() > 5);
        assert_eq!(broken.concat(), "x".repeat(100));
        let cut = wrap(&faces, &"word ".repeat(10_000), BODY, 60.0, 3);
        assert_eq!(cut.len(), 3);
        assert!(cut[2].ends_with('\u{2026}'));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn no_line_is_wider_than_its_column_and_no_character_is_lost(text in "\\PC{0,80}", width in 30.0f32..200.0) {
            let faces = Faces::load().unwrap();
            let tidied = tidy(&text);
            let lines = wrap(&faces, &tidied, BODY, width, usize::MAX);
            prop_assert_eq!(lines.concat(), tidied);
            for line in &lines {
                let one = line.graphemes(true).count() == 1;
                prop_assert!(one || faces.width(line.trim_end(), BODY) <= width + 0.01, "{:?}", line);
            }
        }
    }
}
