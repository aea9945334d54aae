//! Words that names are made of. Mail domains made from them end in `.example`, which nobody can own (RFC 2606).

mod anglophone;
mod continental;
mod farther;
mod iberian;
mod nordic;
mod products;

pub(super) use products::{CATALOGUES, Catalogue, Product};

/// A market: where a company sits.
#[derive(Debug)]
pub(super) struct Country {
    /// ISO 3166 alpha-2.
    pub(super) code: &'static str,
    /// ISO 4217.
    pub(super) currency: &'static str,
    /// What 100 US dollars cost there, roughly, in major units.
    pub(super) per_hundred_dollars: u32,
    /// The calling code.
    pub(super) calling: &'static str,
    /// Its share of all companies.
    pub(super) share: u64,
    /// Legal forms.
    pub(super) forms: &'static [&'static str],
    /// Cities.
    pub(super) cities: &'static [&'static str],
}

/// How people and companies are called where one language is spoken.
#[derive(Debug)]
pub(super) struct Culture {
    /// A BCP 47 language tag.
    pub(super) locale: &'static str,
    /// "Transports Delacroix", not "Delacroix Transports".
    pub(super) trade_first: bool,
    /// Joins two founders.
    pub(super) and: &'static str,
    /// First names.
    pub(super) given: &'static [&'static str],
    /// Family names.
    pub(super) family: &'static [&'static str],
    /// What companies do.
    pub(super) trades: &'static [&'static str],
    /// What companies that sell software do.
    pub(super) integrators: &'static [&'static str],
    /// Names in the country's own script with their romanised form: the name, then the trade.
    pub(super) native: &'static [(&'static str, &'static str)],
    /// Trades in the country's own script with their romanised form.
    pub(super) native_trades: &'static [(&'static str, &'static str)],
    /// Where it is spoken.
    pub(super) countries: &'static [Country],
}

/// Every culture.
pub(super) const CULTURES: &[&Culture] = &[
    &anglophone::ENGLISH,
    &anglophone::INDIAN,
    &continental::GERMAN,
    &continental::FRENCH,
    &continental::ITALIAN,
    &continental::DUTCH,
    &iberian::SPANISH,
    &iberian::PORTUGUESE,
    &nordic::SCANDINAVIAN,
    &nordic::FINNISH,
    &farther::POLISH,
    &farther::CZECH,
    &farther::TURKISH,
    &farther::JAPANESE,
];

/// Beginnings of coined names.
#[rustfmt::skip]
pub(super) const STEMS: &[&str] = &[
    "Acu", "Adel", "Aero", "Albi", "Alt", "Ambi", "Anten", "Aqui", "Arbo", "Arden", "Astra", "Auri", "Avan", "Bel",
    "Bora", "Brio", "Calo", "Candel", "Cara", "Cela", "Cera", "Cobal", "Corvi", "Cres", "Cyra", "Dana", "Delphi",
    "Dora", "Eco", "Elan", "Embra", "Endu", "Equi", "Esta", "Evo", "Fara", "Fenno", "Ferro", "Flora", "Forti", "Gala",
    "Geno", "Gran", "Halo", "Heli", "Hydra", "Ignis", "Ilu", "Inno", "Iri", "Jura", "Kalo", "Kine", "Lami", "Levan",
    "Lino", "Luma", "Magni", "Mari", "Medi", "Mero", "Mira", "Monta", "Navi", "Neo", "Nimbu", "Nova", "Octa", "Omni",
    "Opti", "Orbi", "Pala", "Peri", "Plana", "Pola", "Prima", "Quanta", "Radi", "Reno", "Riva", "Sana", "Sera",
    "Silva", "Sola", "Sono", "Stella", "Syn", "Tala", "Tecto", "Terra", "Tri", "Ultra", "Una", "Valo", "Vega", "Vela",
    "Veri", "Vita", "Volta", "Zeni",
];

/// Ends of coined names.
#[rustfmt::skip]
pub(super) const ENDS: &[&str] = &[
    "bia", "cept", "core", "cura", "data", "dian", "dor", "dyne", "ent", "fin", "flex", "form", "gen", "gon", "grid",
    "ix", "kor", "lab", "lane", "lia", "line", "link", "lis", "lux", "lytic", "mark", "max", "mec", "mera", "met",
    "mont", "nara", "net", "nex", "nia", "nova", "ntis", "phor", "plan", "plex", "port", "ra", "ria", "ris", "san",
    "sen", "sis", "sol", "star", "stra", "tec", "tera", "tis", "ton", "tor", "trix", "via", "vance", "vex", "vion",
    "vista", "wave", "xis", "zen",
];

/// What contacts at customers are.
#[rustfmt::skip]
pub(super) const TITLES: &[&str] = &[
    "Chief Information Officer", "Chief Technology Officer", "Chief Financial Officer", "Head of IT",
    "Head of Infrastructure", "Head of Procurement", "Head of Information Security", "IT Manager", "IT Director",
    "Director of Operations", "Director of Digital Transformation", "Purchasing Manager", "Project Manager",
    "Enterprise Architect", "Systems Engineer", "Network Administrator", "Data Protection Officer",
    "Managing Director", "Plant Manager", "Finance Controller", "Business Analyst", "Application Owner",
];

/// Why a customer buys: the partner's note.
#[rustfmt::skip]
pub(super) const REASONS: &[&str] = &[
    "Replaces an in-house tool whose maintainer retires",
    "Contract with the present supplier ends and will not be renewed",
    "Audit findings must be closed before the next fiscal year",
    "Merger of two subsidiaries onto one platform",
    "Pilot in one department, roll-out to all sites if it succeeds",
    "Public tender, we are on the short list",
    "Customer asked for a proof of concept first",
    "Extension of an installation that we have looked after since 2019",
    "New plant goes into operation and needs the same set-up as the main site",
    "Insurance demands the measures in this scope",
    "Moves out of their own data centre",
    "Wants one supplier instead of five",
];

/// How far it has come: the second half of the note.
#[rustfmt::skip]
pub(super) const STAGES: &[&str] = &[
    "budget is approved", "budget is requested for next quarter", "the board decides at its next meeting",
    "first workshop held on site", "demo went well", "procurement has our quote", "references were asked for",
    "competitor is in the house", "legal is reading the terms", "decision maker changed, we meet the new one soon",
    "they want to start small", "technical evaluation is done",
];

/// Why a vendor refused: the reason as the database has it, and the note.
#[rustfmt::skip]
pub(super) const REFUSALS: &[(&str, &str)] = &[
    ("existing_customer", "Our direct team has been working on this account since before the registration."),
    ("existing_customer", "This renews an existing contract, which the program does not cover."),
    ("not_qualified", "The opportunity is below the minimum size of the program."),
    ("not_qualified", "The customer has told us that no purchase is planned."),
    ("out_of_territory", "The customer's purchasing is outside the territory of your agreement."),
    ("insufficient_information", "We could not reach any of the contacts."),
    ("other", "The products named are not in your agreement."),
];

/// Why a vendor refused when another was first; says nothing of whom.
pub(super) const TAKEN: (&str, &str) = (
    "already_registered",
    "This customer is already registered for these products.",
);

/// Why a partner gave up.
#[rustfmt::skip]
pub(super) const FAREWELLS: &[&str] = &[
    "The customer has cancelled the project.", "The customer has decided for another product.",
    "Registered twice by mistake.", "The budget has moved to next year.",
];

/// What a vendor asked.
#[rustfmt::skip]
pub(super) const QUESTIONS: &[&str] = &[
    "Which legal entity signs? We know of two under this name.",
    "Please name a contact who can confirm the project.",
    "Is this on top of the subscriptions that the customer already has?",
    "Please split the quantity by site.",
    "Who else is bidding?",
];

/// What a vendor said on approving.
#[rustfmt::skip]
pub(super) const BLESSINGS: &[&str] = &[
    "Good luck. Tell us when you need a pre-sales engineer.", "Approved as registered.",
    "Confirmed with the customer.", "Approved; please keep the expected close up to date.",
];
