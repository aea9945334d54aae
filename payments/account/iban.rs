//! International bank account numbers.

use super::{AccountFault, as_text, compact};

const WHAT: &str = "IBAN";

/// Each country's basic account number (BBAN): how many characters of which kind, `n` digits, `a` capitals, `c` either.
/// Source: SWIFT's IBAN registry, release 101; neighbouring fields of one kind are put together.
const STRUCTURES: &str = "AD8n12c AE19n AL8n16c AT16n AZ4a20c BA16n BE12n BG4a6n8c BH4a14c BI23n BR23n1a1c BY4c4n16c CH5n12c CR18n CY8n16c \
    CZ20n DE18n DJ23n DK14n DO4c20n EE16n EG25n ES20n FI14n FK2a12n FO14n FR10n11c2n GB4a14n GE2a16n GI4a15c GL14n \
    GR7n16c GT24c HN4a20n HR17n HU24n IE4a14n IL19n IQ4a15n IS22n IT1a10n12c JO4a4n18c KW4a22c KZ3n13c LB4n20c \
    LC4a24c LI5n12c LT16n LU3n13c LV4a13c LY21n MC10n11c2n MD20c ME18n MK3n10c2n MN16n MR23n MT4a5n18c MU4a19n3a \
    NI4a20n NL4a10n NO11n OM3n16c PK4a16c PL24n PS4a21c PT21n QA4a21c RO4a16c RS18n RU14n15c SA2n18c SC4a20n3a SD14n \
    SE20n SI15n SK20n SM1a10n12c SO19n ST21n SV4a20n TL19n TN20n TR6n16c UA6n19c VA18n VG4a16n XK16n YE4a4n18c";

/// Countries and territories within the geographical scope of the SEPA schemes (EPC409-09), by the first letters of the
/// IBANs of their banks.
const SEPA: &str = "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO \
    PL PT RO RS SE SI SK SM VA";

/// An International Bank Account Number: ISO 13616-1, its structure by the registry, its check digits right. Kept without
/// spaces and in capitals; `Debug` masks it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Iban(String);

as_text!(Iban);

impl Iban {
    /// Reads an IBAN, with or without spaces, in capitals or not.
    ///
    /// # Errors
    /// Unknown country, wrong length or kind of character for the country, wrong check digits (ISO 7064, MOD 97-10).
    pub fn parse(text: &str) -> Result<Self, AccountFault> {
        let number = compact(WHAT, text, "15 to 33", 34)?;
        for (place, character) in number.chars().enumerate() {
            let (right, must) = match place {
                0 | 1 => (character.is_ascii_uppercase(), "a letter of the country's code"),
                2 | 3 => (character.is_ascii_digit(), "a check digit"),
                _ => (character.is_ascii_alphanumeric(), "a letter of A-Z or a digit"),
            };
            if !right {
                return Err(AccountFault::Character {
                    what: WHAT,
                    at: place + 1,
                    must,
                });
            }
        }
        let country: String = number.chars().take(2).collect();
        let structure = STRUCTURES
            .split(' ')
            .find_map(|entry| entry.strip_prefix(country.as_str()))
            .ok_or(AccountFault::Country { what: WHAT, country })?;
        check_structure(&number, structure)?;
        // 00, 01 and 99 are never computed (ISO 13616-1: 98 less the remainder), though 97 divides them too.
        if remainder_97(&number) == 1 && !matches!(number.get(2..4), Some("00" | "01" | "99")) {
            Ok(Self(number))
        } else {
            Err(AccountFault::Checksum { what: WHAT })
        }
    }

    /// The whole number, without spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The country of the bank (ISO 3166-1 alpha-2, and `XK` for Kosovo).
    #[must_use]
    pub fn country(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }

    /// Whether the bank's country takes part in SEPA.
    #[must_use]
    pub fn in_sepa(&self) -> bool {
        // Codes have two letters, so that none is found across a space.
        SEPA.contains(self.country())
    }

    /// To recognise the number by: `DE** **** 3000`.
    #[must_use]
    pub fn masked(&self) -> String {
        let last = self
            .0
            .len()
            .checked_sub(4)
            .and_then(|at| self.0.get(at..))
            .unwrap_or_default();
        format!("{}** **** {last}", self.country())
    }
}

fn check_structure(number: &str, structure: &str) -> Result<(), AccountFault> {
    let kinds: Vec<char> = kinds(structure).collect();
    let must = kinds.len() + 4;
    if number.len() != must {
        let must = must.to_string();
        return Err(AccountFault::Length {
            what: WHAT,
            must,
            is: number.len(),
        });
    }
    for (place, (character, kind)) in number.chars().skip(4).zip(kinds).enumerate() {
        let (right, must) = match kind {
            'n' => (character.is_ascii_digit(), "a digit in this country"),
            'a' => (character.is_ascii_uppercase(), "a letter in this country"),
            _ => (true, "a letter or a digit"),
        };
        if !right {
            return Err(AccountFault::Character {
                what: WHAT,
                at: place + 5,
                must,
            });
        }
    }
    Ok(())
}

/// `2n1a` -> n, n, a.
fn kinds(structure: &str) -> impl Iterator<Item = char> + '_ {
    let mut count = 0;
    structure.chars().flat_map(move |character| {
        let times = match character.to_digit(10) {
            Some(digit) => {
                count = count * 10 + digit;
                0
            }
            None => std::mem::take(&mut count),
        };
        (0..times).map(move |_| character)
    })
}

/// The remainder by 97 of the number with its first four characters moved to the end and letters counted A = 10 to
/// Z = 35 (ISO 13616-1 section 6.1): 1 if the check digits are right.
fn remainder_97(number: &str) -> u32 {
    let (head, tail) = number.split_at_checked(4).unwrap_or_default();
    tail.chars().chain(head.chars()).fold(0, |rest, character| {
        let value = character.to_digit(36).unwrap_or_default();
        (rest * if value < 10 { 10 } else { 100 } + value) % 97
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The registry's own examples of the countries that partners are most often in, and of every kind of structure.
    const EXAMPLES: [&str; 34] = [
        "AD1200012030200359100100",
        "AE070331234567890123456",
        "AT611904300234573201",
        "BE68539007547034",
        "BG80BNBG96611020345678",
        "BR1800360305000010009795493C1",
        "CH9300762011623852957",
        "CY17002001280000001200527600",
        "CZ6508000000192000145399",
        "DE89370400440532013000",
        "DK5000400440116243",
        "EE382200221020145685",
        "ES9121000418450200051332",
        "FI2112345600000785",
        "FR1420041010050500013M02606",
        "GB29NWBK60161331926819",
        "GR1601101250000000012300695",
        "HU42117730161111101800000000",
        "IE29AIBK93115212345678",
        "IL620108000000099999999",
        "IT60X0542811101000000123456",
        "KW81CBKU0000000000001234560101",
        "LI21088100002324013AA",
        "LU280019400644750000",
        "MT84MALT011000012345MTLCAST001S",
        "MU17BOMM0101101030300200000MUR",
        "NL91ABNA0417164300",
        "NO9386011117947",
        "PL61109010140000071219812874",
        "PT50000201231234567890154",
        "SE4550000000058398257466",
        "SI56263300012039086",
        "TR330006100519786457841326",
        "XK051212012345678906",
    ];

    #[test]
    fn the_registrys_examples_are_ibans_however_they_are_grouped() {
        for example in EXAMPLES {
            let iban = Iban::parse(example).unwrap();
            assert_eq!(iban.as_str(), example);
            let grouped: Vec<String> = example
                .chars()
                .collect::<Vec<_>>()
                .chunks(4)
                .map(String::from_iter)
                .collect();
            assert_eq!(Iban::parse(&grouped.join(" ").to_lowercase()).unwrap(), iban);
        }
    }

    #[test]
    fn a_fault_says_what_is_wrong_and_never_the_number() {
        for (text, says) in [
            ("", "IBAN must have 15 to 33 characters, this has 0"),
            ("DE8937040044053201300", "IBAN must have 22 characters, this has 21"),
            ("DE893704004405320130000", "IBAN must have 22 characters, this has 23"),
            ("DE89370400440532013001", "the check digits don't match"),
            ("DE89370400440532031000", "the check digits don't match"),
            ("DE8937040044053201300O", "character 22 must be a digit in this country"),
            ("GB29N0BK60161331926819", "character 6 must be a letter in this country"),
            ("DEX9370400440532013000", "character 3 must be a check digit"),
            (
                "1289370400440532013000",
                "character 1 must be a letter of the country's code",
            ),
            (
                "DE89-3704-0044-0532-0130-00",
                "character 5 must be a letter of A-Z or a digit",
            ),
            ("US89370400440532013000", "country \"US\" is unknown"),
            // Divided by 97 as they should be, but never computed.
            ("DE00370400440000000060", "the check digits don't match"),
            ("DE01370400440000000042", "the check digits don't match"),
            ("DE99370400440000000024", "the check digits don't match"),
            ("ＤＥ89370400440532013000", "character 1 must be a letter"),
            ("DE٨٩370400440532013000", "character 3 must be a check digit"),
        ] {
            let fault = Iban::parse(text).unwrap_err().to_string();
            assert!(fault.contains(says), "{text}: {fault}");
            assert!(!fault.contains("37040044") && !fault.contains("0532013"), "{fault}");
        }
        assert!(
            Iban::parse(&"9".repeat(1_000_000))
                .unwrap_err()
                .to_string()
                .ends_with("this has 1000000")
        );
    }

    #[test]
    fn debug_and_mask_keep_the_number() {
        let iban = Iban::parse("DE89 3704 0044 0532 0130 00").unwrap();
        assert_eq!(iban.masked(), "DE** **** 3000");
        assert_eq!(format!("{iban:?}"), "Iban(DE** **** 3000)");
        assert!(iban.in_sepa());
        assert!(!Iban::parse("TR330006100519786457841326").unwrap().in_sepa());
    }

    #[test]
    fn serde_writes_it_whole_and_checks_it_again() {
        let iban = Iban::parse("NL91ABNA0417164300").unwrap();
        let json = serde_json::to_string(&iban).unwrap();
        assert_eq!(json, "\"NL91ABNA0417164300\"");
        assert_eq!(serde_json::from_str::<Iban>(&json).unwrap(), iban);
        let fault = serde_json::from_str::<Iban>("\"NL91ABNA0417164301\"")
            .unwrap_err()
            .to_string();
        assert!(
            fault.contains("check digits") && !fault.contains("0417164301"),
            "{fault}"
        );
    }

    #[test]
    fn the_table_is_in_order_and_within_the_standards_length() {
        let entries: Vec<&str> = STRUCTURES.split(' ').collect();
        assert!(entries.is_sorted_by(|a, b| a[..2] < b[..2]));
        for entry in entries {
            assert!((11..=30).contains(&kinds(&entry[2..]).count()), "{entry}");
        }
        for country in SEPA.split(' ') {
            assert!(
                STRUCTURES.split(' ').any(|entry| entry.starts_with(country)),
                "{country}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,40}") {
            if let Ok(iban) = Iban::parse(&text) {
                prop_assert_eq!(Iban::parse(iban.as_str()), Ok(iban));
            }
        }

        /// What the check digits are for.
        #[test]
        fn one_wrong_or_two_swapped_characters_are_found(
            example in prop::sample::select(&EXAMPLES[..]), at in any::<prop::sample::Index>(), by in 1u32..10,
        ) {
            let mut wrong: Vec<char> = example.chars().collect();
            let at = at.index(wrong.len() - 1);
            if let Some(digit) = wrong[at].to_digit(10) {
                wrong[at] = char::from_digit((digit + by) % 10, 10).unwrap();
                prop_assert!(Iban::parse(&String::from_iter(&wrong)).is_err());
            }
            let mut swapped: Vec<char> = example.chars().collect();
            swapped.swap(at, at + 1);
            if swapped[at] != swapped[at + 1] {
                prop_assert!(Iban::parse(&String::from_iter(&swapped)).is_err());
            }
        }
    }
}
