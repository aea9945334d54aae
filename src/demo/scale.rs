//! How much demo data there is.

/// How much demo data to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// A tour: 3 vendors, 12 partners, 60 people, 400 deals, 60 leads, shared opportunities, products with prices,
    /// what partners have earned and how they were paid, and a feed of recent events.
    Small,
    /// A large program: 5 vendors, 2 000 partners, 10 000 people, 1 000 000 deals. Of the first vendor's won deals the newest
    /// 5 000 have earned something.
    Large,
    /// The same people, and 1 000 000 live registrations with one vendor, of 200 000 customers: what a search for
    /// conflicts has to get through.
    Crowded,
}

impl Scale {
    /// The name on the command line and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Large => "large",
            Self::Crowded => "crowded",
        }
    }

    pub(super) const fn shape(self) -> Shape {
        match self {
            Self::Small => Shape {
                vendors: 3,
                vendor_staff: 2,
                partners: 12,
                users: 60,
                deals: 400,
                rivals: 30,
                customers: None,
            },
            Self::Large | Self::Crowded => Shape {
                vendors: 5,
                vendor_staff: 20,
                partners: 2_000,
                users: 10_000,
                deals: 1_000_000,
                rivals: 6,
                customers: match self {
                    Self::Crowded => Some(200_000),
                    Self::Small | Self::Large => None,
                },
            },
        }
    }
}

/// How many of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) vendors: u32,
    /// People at each vendor beside its owner, its manager and its finance.
    pub(super) vendor_staff: u32,
    pub(super) partners: usize,
    pub(super) users: usize,
    pub(super) deals: u64,
    /// How many of a hundred open deals are for a customer that another partner has registered.
    pub(super) rivals: u64,
    /// How many customers all deals are of, when they are live and of one vendor.
    pub(super) customers: Option<usize>,
}
