//! What a file is, by its content; and whether its name says the same.

use crate::http::{Problem, code};

/// How much of the beginning is looked at.
pub(super) const HEAD: usize = 16 * 1024;

/// The kinds that are taken: media type and the endings of names.
const TAKEN: &[(&str, &[&str])] = &[
    ("application/pdf", &["pdf"]),
    ("image/png", &["png"]),
    ("image/jpeg", &["jpg", "jpeg"]),
    ("image/gif", &["gif"]),
    ("image/webp", &["webp"]),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        &["docx"],
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        &["xlsx"],
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        &["pptx"],
    ),
    ("text/csv", &["csv"]),
    ("text/plain", &["txt", "md", "log"]),
];

/// The media type of a file that begins with `head`, if files of this kind are taken and `name` ends as theirs do.
/// Whether a text goes on as one is for [`Text`] to see.
pub(super) fn decide(head: &[u8], name: &str) -> Result<&'static str, Problem> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let ending = ending.unwrap_or_default();
    let found = infer::get(head).map(|kind| kind.mime_type());
    let of = |media: &str| TAKEN.iter().find(|(taken, _)| *taken == media);
    if let Some(media) = found {
        let Some((media, endings)) = of(media) else {
            return Err(refused(&format!("Its content is {media}.")));
        };
        return if endings.contains(&ending.as_str()) {
            Ok(media)
        } else {
            Err(mismatch(&format!(
                "Its content is {media}: name it .{}.",
                endings.join(" or .")
            )))
        };
    }
    if !reads_as_text(head) {
        return Err(refused("Its content is of no kind that is known here."));
    }
    match TAKEN.iter().find(|(_, endings)| endings.contains(&ending.as_str())) {
        Some((media, _)) if media.starts_with("text/") => Ok(media),
        _ => Err(mismatch("Its content is plain text: name it .txt, .md, .log or .csv.")),
    }
}

/// Text that no program takes for markup or for a script.
fn reads_as_text(head: &[u8]) -> bool {
    let body = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = body.trim_ascii_start();
    let markup = start.starts_with(b"<") || start.starts_with(b"#!");
    let mut text = Text::default();
    !markup && text.goes_on(head)
}

/// Whether bytes that come in parts are UTF-8 without control characters.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// The beginning of a character whose rest is yet to come.
    open: Vec<u8>,
}

impl Text {
    /// Whether it still is text with `part`.
    pub(super) fn goes_on(&mut self, part: &[u8]) -> bool {
        let control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x0c);
        if part.iter().any(control) {
            return false;
        }
        let mut bytes = std::mem::take(&mut self.open);
        bytes.extend_from_slice(part);
        match std::str::from_utf8(&bytes) {
            Ok(_) => true,
            Err(fault) if fault.error_len().is_none() => {
                self.open = bytes.split_off(fault.valid_up_to());
                true
            }
            Err(_) => false,
        }
    }

    /// Whether it ended with a whole character.
    pub(super) fn is_whole(&self) -> bool {
        self.open.is_empty()
    }
}

/// 415: a kind that isn't taken.
pub(super) fn refused(what: &str) -> Problem {
    let taken: Vec<&str> = TAKEN.iter().flat_map(|(_, endings)| endings.iter().copied()).collect();
    let detail = format!("{what} Taken are files of these kinds: {}.", taken.join(", "));
    Problem::new(code::FILE_TYPE_REFUSED, detail)
}

fn mismatch(what: &str) -> Problem {
    Problem::new(code::FILE_NAME_MISMATCH, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(head: &[u8], name: &str) -> Result<&'static str, &'static str> {
        decide(head, name).map_err(|problem| problem.code().name)
    }

    #[test]
    fn the_content_decides_and_the_name_has_to_agree() {
        assert_eq!(name_of(b"%PDF-1.7\n", "offer.PDF"), Ok("application/pdf"));
        assert_eq!(name_of(b"%PDF-1.7\n", "offer.png"), Err("file_name_mismatch"));
        assert_eq!(name_of(b"\x89PNG\r\n\x1a\n0000", "site.png"), Ok("image/png"));
        assert_eq!(name_of(b"a;b\r\n1;2\r\n", "list.csv"), Ok("text/csv"));
        assert_eq!(name_of("für Ärzte".as_bytes(), "note.txt"), Ok("text/plain"));
        assert_eq!(name_of(b"plain words", "note.pdf"), Err("file_name_mismatch"));
        assert_eq!(name_of(b"plain words", "note"), Err("file_name_mismatch"));
    }

    #[test]
    fn office_files_are_told_apart_by_what_is_in_them() {
        for (inside, ending) in [
            ("word/document.xml", "docx"),
            ("xl/workbook.xml", "xlsx"),
            ("ppt/presentation.xml", "pptx"),
        ] {
            let mut head = b"PK\x03\x04".to_vec();
            head.resize(30, 0);
            head.extend_from_slice(inside.as_bytes());
            assert!(
                name_of(&head, &format!("a.{ending}")).is_ok_and(|media| media.contains("openxmlformats")),
                "{ending}"
            );
            assert_eq!(name_of(&head, "a.txt"), Err("file_name_mismatch"));
        }
    }

    #[test]
    fn what_runs_or_is_rendered_is_refused_by_any_name() {
        let heads: [&[u8]; 9] = [
            b"MZ\x90\x00\x03\x00\x00\x00",
            b"\x7fELF\x02\x01\x01\x00",
            b"<!DOCTYPE html><html>",
            b"\xef\xbb\xbf  <svg xmlns='http://www.w3.org/2000/svg'>",
            b"<?xml version='1.0'?>",
            b"#!/bin/sh\necho",
            b"PK\x03\x04\x14\x00\x00\x00\x08\x00plain.zip",
            b"\x00\x01\x02\x03",
            b"\xff\xfe\xfd",
        ];
        for head in heads {
            for name in ["a.txt", "a.pdf", "a.docx", "a.csv"] {
                assert_eq!(name_of(head, name), Err("file_type_refused"), "{head:?} {name}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn text_is_text_however_it_is_cut(text in "[a-zé€😀 ]{1,40}", cut in 0_usize..160) {
            let bytes = text.as_bytes();
            let (one, other) = bytes.split_at(cut.min(bytes.len()));
            let mut seen = Text::default();
            proptest::prop_assert!(seen.goes_on(one) && seen.goes_on(other) && seen.is_whole());
            let mut broken = Text::default();
            proptest::prop_assert!(!(broken.goes_on(bytes) && broken.goes_on(b"\xe2\x82") && broken.is_whole()));
        }
    }
}
