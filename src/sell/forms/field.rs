//! Whether the definition of one field makes sense.

use std::collections::BTreeSet;

use guildhall_kernel::parse_decimal;
use guildhall_spine::http::Checks;

use super::definition::{Field, Kind, LONGEST_TEXT, Looked, MOST_OPTIONS};

impl Field {
    /// Notes every fault of the definition but those of its conditions.
    pub(super) fn examine(&self, at: &str, checks: &mut Checks) {
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let shaped = self.key.starts_with(|c: char| c.is_ascii_lowercase())
            && self.key.len() <= 40
            && self.key.chars().all(letters);
        let message = "must be small letters, digits and underscores, beginning with a letter, at most 40";
        checks.check(shaped, &format!("{at}/key"), "key", message);
        let reserved = matches!(self.key.as_str(), "amount" | "country" | "currency");
        checks.check(
            !reserved,
            &format!("{at}/key"),
            "reserved",
            "is what every deal has: take another",
        );
        checks.text(&format!("{at}/label"), &self.label, 1, 100, false);
        if let Some(help) = &self.help {
            checks.text(&format!("{at}/help"), help, 1, 500, true);
        }
        self.examine_bounds(at, checks);
        self.examine_length(at, checks);
        self.examine_options(at, checks);
    }

    fn examine_bounds(&self, at: &str, checks: &mut Checks) {
        let looked = Looked::Field(self);
        for (name, bound) in [("min", &self.min), ("max", &self.max)] {
            let Some(bound) = bound else { continue };
            let at = format!("{at}/{name}");
            if !looked.is_ordered() {
                checks.refuse(at, "not_allowed", "goes with a number, an amount or a date only");
            } else if !looked.takes(bound) {
                checks.refuse(at, "value", looked.wanted());
            }
        }
        if let (Some(min), Some(max)) = (&self.min, &self.max) {
            let crossed = match (parse_decimal(min), parse_decimal(max)) {
                (Ok(min), Ok(max)) => min > max,
                // Dates in this form have the order of their texts.
                _ => self.kind == Kind::Date && min > max,
            };
            checks.check(!crossed, &format!("{at}/max"), "range", "must not be less than min");
        }
    }

    fn examine_length(&self, at: &str, checks: &mut Checks) {
        for (name, length) in [("min_length", self.min_length), ("max_length", self.max_length)] {
            let Some(length) = length else { continue };
            let at = format!("{at}/{name}");
            checks.check(self.kind == Kind::Text, &at, "not_allowed", "goes with a text only");
            let range = (1..=LONGEST_TEXT).contains(&length);
            checks.check(range, &at, "range", "must be from 1 to 5000");
        }
        let crossed = self.min_length.unwrap_or(1) > self.max_length.unwrap_or(LONGEST_TEXT);
        checks.check(
            !crossed,
            &format!("{at}/max_length"),
            "range",
            "must not be less than min_length",
        );
    }

    fn examine_options(&self, at: &str, checks: &mut Checks) {
        if self.kind != Kind::Choice {
            let bare = self.options.is_empty();
            checks.check(bare, &format!("{at}/options"), "not_allowed", "go with a choice only");
            checks.check(
                !self.multiple,
                &format!("{at}/multiple"),
                "not_allowed",
                "goes with a choice only",
            );
            return;
        }
        let at = format!("{at}/options");
        if !(1..=MOST_OPTIONS).contains(&self.options.len()) {
            checks.refuse(at, "length", format!("must be 1 to {MOST_OPTIONS} for a choice"));
            return;
        }
        let mut values = BTreeSet::new();
        for (place, option) in self.options.iter().enumerate() {
            checks.text(&format!("{at}/{place}/value"), &option.value, 1, 100, false);
            checks.text(&format!("{at}/{place}/label"), &option.label, 1, 100, false);
            let new = values.insert(option.value.as_str());
            checks.check(
                new,
                &format!("{at}/{place}/value"),
                "duplicate",
                "is another option's value already",
            );
        }
    }
}
