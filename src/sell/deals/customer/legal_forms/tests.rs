use super::super::name::{fold, is_word_char};
use super::{ATTACHED, LEADING, LEADING_WHERE_USED, LONGEST, TRAILING, TRAILING_WHERE_USED};

fn every_form() -> impl Iterator<Item = &'static str> {
    let where_used = LEADING_WHERE_USED
        .iter()
        .chain(TRAILING_WHERE_USED)
        .map(|(form, _)| *form);
    LEADING
        .iter()
        .chain(TRAILING)
        .chain(ATTACHED)
        .copied()
        .chain(where_used)
}

#[test]
fn every_form_is_spelled_as_names_are_folded() {
    for form in every_form() {
        assert_eq!(fold(form), form);
        assert!(form.chars().all(is_word_char), "{form}");
        assert!(form.len() <= LONGEST, "{form}");
    }
}

#[test]
fn no_form_hides_another() {
    for (form, _) in TRAILING_WHERE_USED {
        assert!(!TRAILING.contains(form), "{form}");
    }
    for (form, _) in LEADING_WHERE_USED {
        assert!(!LEADING.contains(form), "{form}");
    }
    for (index, form) in ATTACHED.iter().enumerate() {
        assert!(
            !ATTACHED.iter().take(index).any(|before| form.contains(before)),
            "{form}"
        );
    }
}
