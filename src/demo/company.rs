//! Companies and people that don't exist.

use guildhall_sell::deals::customer::{NameKey, RegistrableDomain};

use super::{
    draw::Draw,
    vocabulary::{CULTURES, Country, Culture, ENDS, STEMS},
};

/// Longest label of a domain name made here; the protocol's limit is 63 (RFC 1035 section 2.3.4).
const LONGEST_SLUG: usize = 48;

/// A company as its neighbours know it.
#[derive(Clone, Debug)]
pub(super) struct Company {
    /// What it is called, without the legal form.
    body: String,
    /// The same in Latin letters.
    roman: String,
    /// Written in the country's own script.
    native: bool,
    pub(super) culture: &'static Culture,
    pub(super) country: &'static Country,
}

/// Somewhere a company may sit, larger markets more often.
pub(super) fn home(draw: &mut Draw) -> Option<(&'static Culture, &'static Country)> {
    let places = || {
        CULTURES
            .iter()
            .flat_map(|culture| culture.countries.iter().map(move |country| (*culture, country)))
    };
    let mut left = draw.below(places().map(|(_, country)| country.share).sum());
    places().find(|(_, country)| match left.checked_sub(country.share) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    })
}

impl Company {
    /// A company of some trade.
    pub(super) fn found(draw: &mut Draw, culture: &'static Culture, country: &'static Country) -> Self {
        if !culture.native.is_empty() && draw.chance(35) {
            let (name, roman_name) = draw.entry(culture.native).copied().unwrap_or_default();
            let (trade, roman_trade) = draw.entry(culture.native_trades).copied().unwrap_or_default();
            let city = draw.one_of(country.cities);
            let (body, roman) = (format!("{name}{trade}"), format!("{roman_name} {roman_trade} {city}"));
            return Self {
                body,
                roman,
                native: true,
                culture,
                country,
            };
        }
        let body = body(draw, culture, country, culture.trades);
        Self {
            roman: body.clone(),
            body,
            native: false,
            culture,
            country,
        }
    }

    /// A company that sells and runs software.
    pub(super) fn integrator(draw: &mut Draw, culture: &'static Culture, country: &'static Country) -> Self {
        let body = body(draw, culture, country, culture.integrators);
        Self {
            roman: body.clone(),
            body,
            native: false,
            culture,
            country,
        }
    }

    /// The name as somebody writes it: everyone has their own idea of the legal form.
    pub(super) fn written(&self, draw: &mut Draw) -> String {
        let body = &self.body;
        if self.native {
            return if draw.chance(70) {
                format!("株式会社{body}")
            } else {
                format!("{body}株式会社")
            };
        }
        if draw.chance(7) {
            return body.clone();
        }
        format!("{body} {}", draw.one_of(self.country.forms))
    }

    /// The key of a name of this company, by the rule that registrations are compared by.
    pub(super) fn key(&self, written: &str) -> Option<NameKey> {
        NameKey::from_legal_name(written, self.country.code).ok()
    }

    /// Its domain; companies of one name tell themselves apart by place.
    pub(super) fn domain(&self, draw: &mut Draw) -> Option<String> {
        let name = slug(&self.roman);
        let label = match draw.below(100) {
            0..50 => name,
            50..80 => format!("{name}-{}", self.country.code.to_ascii_lowercase()),
            _ => format!("{name}-{}", slug(draw.one_of(self.country.cities))),
        };
        RegistrableDomain::parse_customer(&format!("{label}.example"))
            .ok()
            .map(|domain| domain.as_str().to_owned())
    }
}

/// A first and a family name.
pub(super) fn person(draw: &mut Draw, culture: &Culture) -> String {
    format!("{} {}", draw.one_of(culture.given), draw.one_of(culture.family))
}

/// Lower-case Latin letters and digits, joined by hyphens: for addresses.
pub(super) fn slug(text: &str) -> String {
    let key = NameKey::from_legal_name(text, "")
        .map(|key| key.as_str().to_owned())
        .unwrap_or_default();
    let words = key
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let mut slug = String::new();
    for word in words {
        if slug.len() + word.len() >= LONGEST_SLUG {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug
}

fn body(draw: &mut Draw, culture: &Culture, country: &Country, trades: &[&'static str]) -> String {
    let trade = draw.one_of(trades);
    let named = |head: &str| {
        if culture.trade_first {
            format!("{trade} {head}")
        } else {
            format!("{head} {trade}")
        }
    };
    match draw.below(100) {
        0..14 => named(draw.one_of(culture.family)),
        14..28 => named(&format!(
            "{} {} {}",
            draw.one_of(culture.family),
            culture.and,
            draw.one_of(culture.family)
        )),
        28..48 => named(&coined(draw)),
        48..78 => format!("{} {}", named(&coined(draw)), draw.one_of(country.cities)),
        78..84 => named(draw.one_of(country.cities)),
        84..94 => named(&person(draw, culture)),
        _ => format!("{} {}", coined(draw), coined(draw)),
    }
}

fn coined(draw: &mut Draw) -> String {
    format!("{}{}", draw.one_of(STEMS), draw.one_of(ENDS))
}
