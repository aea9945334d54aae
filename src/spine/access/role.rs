//! Roles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What kind of company an organisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum OrgKind {
    /// Sells through partners and runs a program.
    Vendor,
    /// Sells a vendor's products.
    Partner,
}

impl OrgKind {
    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Partner => "partner",
        }
    }
}

macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident = $kind:ident $name:literal;)*) => {
        /// A member's role in an organisation. Names repeat between the two kinds (`admin`, `finance`,
        /// `marketing`); the organisation's kind tells them apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Role { $($(#[$doc])* $variant,)* }

        impl Role {
            /// Every role.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The kind of organisation it belongs to.
            #[must_use]
            pub const fn kind(self) -> OrgKind {
                match self { $(Self::$variant => OrgKind::$kind,)* }
            }

            /// The role that `name` means in an organisation of this kind.
            #[must_use]
            pub fn parse(kind: OrgKind, name: &str) -> Option<Self> {
                match (kind, name) { $((OrgKind::$kind, $name) => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

roles! {
    /// Owns the vendor's account; at least one must remain.
    VendorOwner = Vendor "owner";
    /// Administers the vendor's account.
    VendorAdmin = Vendor "admin";
    /// Runs the program: partners, deals, conflicts.
    ChannelManager = Vendor "channel_manager";
    /// Plans, payouts, reconciliation.
    VendorFinance = Vendor "finance";
    /// Campaigns and market development funds.
    VendorMarketing = Vendor "marketing";
    /// Courses and content.
    Content = Vendor "content";
    /// Community and listings.
    Moderator = Vendor "moderator";
    /// Reads.
    Viewer = Vendor "viewer";
    /// Administers the partner's account.
    PartnerAdmin = Partner "admin";
    /// Registers and works deals.
    PartnerSales = Partner "sales";
    /// Campaigns and claims.
    PartnerMarketing = Partner "marketing";
    /// Certifications and delivery.
    PartnerTechnical = Partner "technical";
    /// Statements and bank details.
    PartnerFinance = Partner "finance";
    /// Takes courses.
    Learner = Partner "learner";
}

impl Role {
    /// The names that an organisation of this kind knows, for error texts.
    #[must_use]
    pub fn names(kind: OrgKind) -> Vec<&'static str> {
        Self::ALL
            .iter()
            .filter(|role| role.kind() == kind)
            .map(|role| role.as_str())
            .collect()
    }
}
