//! The permission matrix: the one place that says which role may do what.

use Role::{
    ChannelManager, Content, Learner, Moderator, PartnerAdmin, PartnerFinance, PartnerMarketing, PartnerSales,
    PartnerTechnical, VendorAdmin, VendorFinance, VendorMarketing, VendorOwner, Viewer,
};

use super::{OrgKind, Right, Role};

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u64);

impl Permissions {
    /// Whether the set has `permission`.
    #[must_use]
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// What both sets have.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The permissions in the order of the matrix.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(
            permissions
                .into_iter()
                .fold(0, |set, permission| set | permission.bit()),
        )
    }
}

macro_rules! matrix {
    ($($(#[doc = $doc:literal])+ $variant:ident, $scope:literal, [$($role:ident),* $(,)?];)*) => {
        /// Something that an actor may be allowed to do. Its scope name is what an API key is granted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission { $($(#[doc = $doc])+ $variant,)* }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The scope's name.
            #[must_use]
            pub const fn scope(self) -> &'static str {
                match self { $(Self::$variant => $scope,)* }
            }

            /// What it allows.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc,)+).trim(),)* }
            }

            /// The roles that have it.
            #[must_use]
            pub const fn roles(self) -> &'static [Role] {
                match self { $(Self::$variant => &[$($role,)*],)* }
            }

            const fn bit(self) -> u64 {
                let mut place = 0;
                $(if matches!(self, Self::$variant) { return 1 << place; } place += 1;)*
                let _ = place;
                0
            }
        }

        /// A type for each permission, to name it in a handler's arguments: `May<right::DealSubmit>`.
        pub mod right {
            $(
                #[doc = concat!("The right `", $scope, "`.")]
                #[derive(Debug)]
                pub enum $variant {}
                impl super::Right for $variant {
                    const PERMISSION: super::Permission = super::Permission::$variant;
                }
            )*
        }
    };
}

matrix! {
    /// See the organisation's own record.
    OrgRead, "organisation:read", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance, VendorMarketing, Content,
        Moderator, Viewer, PartnerAdmin, PartnerSales, PartnerMarketing, PartnerTechnical, PartnerFinance, Learner];
    /// Change the organisation's own record.
    OrgManage, "organisation:manage", [VendorOwner, VendorAdmin, PartnerAdmin];
    /// See the organisation's members and invitations.
    MemberRead, "members:read", [VendorOwner, VendorAdmin, ChannelManager, PartnerAdmin];
    /// Invite, change and remove members.
    MemberManage, "members:manage", [VendorOwner, VendorAdmin, PartnerAdmin];
    /// Make and revoke API keys.
    ApiKeyManage, "api_keys:manage", [VendorOwner, VendorAdmin, PartnerAdmin];
    /// Read the organisation's audit log.
    AuditRead, "audit:read", [VendorOwner, VendorAdmin, PartnerAdmin];
    /// See partnerships: a vendor its program's, a partner its own.
    PartnershipRead, "partnerships:read", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance, VendorMarketing,
        Content, Moderator, Viewer, PartnerAdmin, PartnerSales, PartnerMarketing, PartnerTechnical, PartnerFinance];
    /// Add partners to the program; change status, tier and account manager.
    PartnershipManage, "partnerships:manage", [VendorOwner, VendorAdmin, ChannelManager];
    /// See deal registrations: a vendor its program's, a partner its own.
    DealRead, "deals:read", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance, Viewer, PartnerAdmin,
        PartnerSales, PartnerTechnical, PartnerFinance];
    /// Register, change and withdraw the partner's deals.
    DealSubmit, "deals:submit", [PartnerAdmin, PartnerSales];
    /// Approve, reject and question deal registrations; see their conflicts.
    DealDecide, "deals:decide", [VendorOwner, VendorAdmin, ChannelManager];
    /// See the program: forms, policies, stages.
    ProgramRead, "programs:read", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance, VendorMarketing, Content,
        Moderator, Viewer, PartnerAdmin, PartnerSales, PartnerMarketing, PartnerTechnical, PartnerFinance];
    /// Set up the program: forms, approval policies, protection, stages.
    ProgramManage, "programs:manage", [VendorOwner, VendorAdmin, ChannelManager];
    /// Set exchange rates.
    RateManage, "rates:manage", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance];
    /// See leads: a vendor its own, a partner those that it was offered.
    LeadRead, "leads:read", [VendorOwner, VendorAdmin, ChannelManager, VendorMarketing, Viewer, PartnerAdmin,
        PartnerSales, PartnerMarketing];
    /// Take leads in, set up how they are assigned, assign and pull back.
    LeadManage, "leads:manage", [VendorOwner, VendorAdmin, ChannelManager, VendorMarketing];
    /// Accept, decline, work and convert the leads that the partner was offered.
    LeadWork, "leads:work", [PartnerAdmin, PartnerSales];
    /// See the shared opportunities that the organisation is in, and how the credit of a deal is shared.
    CoSellRead, "cosell:read", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance, Viewer, PartnerAdmin,
        PartnerSales, PartnerTechnical, PartnerFinance];
    /// Open and work shared opportunities, invite to them, agree on credit.
    CoSellWork, "cosell:work", [VendorOwner, VendorAdmin, ChannelManager, PartnerAdmin, PartnerSales, PartnerTechnical];
    /// See pipeline, forecast and win rates: a vendor its program's, a partner its own.
    PipelineRead, "pipeline:read", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance, Viewer, PartnerAdmin,
        PartnerSales, PartnerFinance];
    /// Move the organisation's deals through the stages of the pipeline.
    PipelineMove, "pipeline:move", [VendorOwner, VendorAdmin, ChannelManager, PartnerAdmin, PartnerSales];
    /// See products and the prices that apply to the organisation.
    CatalogueRead, "catalogue:read", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance, VendorMarketing, Content,
        Viewer, PartnerAdmin, PartnerSales, PartnerMarketing, PartnerTechnical, PartnerFinance];
    /// Change products and price lists.
    CatalogueManage, "catalogue:manage", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance];
    /// See connections to the CRM, their health and their sync log.
    CrmRead, "crm:read", [VendorOwner, VendorAdmin, ChannelManager];
    /// Connect a CRM, map its fields, settle differences and replay.
    CrmManage, "crm:manage", [VendorOwner, VendorAdmin];
    /// Make webhook endpoints, see and repeat their deliveries.
    WebhookManage, "webhooks:manage", [VendorOwner, VendorAdmin, PartnerAdmin];
    /// Import records in bulk.
    ImportManage, "imports:manage", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance, PartnerAdmin];
    /// See incentive plans: a vendor its own, a partner those that it can earn under.
    PlanRead, "plans:read", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance, Viewer, PartnerAdmin, PartnerSales,
        PartnerFinance];
    /// Write, simulate and publish incentive plans; compute earnings anew.
    PlanManage, "plans:manage", [VendorOwner, VendorAdmin, VendorFinance];
    /// See sales, earnings, ledger and statements: a vendor all, a partner its own.
    EarningRead, "earnings:read", [VendorOwner, VendorAdmin, VendorFinance, PartnerAdmin, PartnerFinance];
    /// See what one has earned oneself, and claim it.
    RewardRead, "rewards:read", [PartnerAdmin, PartnerSales, PartnerMarketing, PartnerTechnical, PartnerFinance];
    /// Record sales, refunds and chargebacks.
    SaleManage, "sales:manage", [VendorOwner, VendorAdmin, VendorFinance];
    /// Approve, hold and adjust earnings; settle disputes and claims.
    EarningManage, "earnings:manage", [VendorOwner, VendorAdmin, VendorFinance];
    /// Object to earnings, and let employees be paid in person.
    EarningDispute, "earnings:dispute", [PartnerAdmin, PartnerFinance];
    /// See funds of market development money: a vendor all, a partner its own part.
    FundRead, "funds:read", [VendorOwner, VendorAdmin, ChannelManager, VendorFinance, VendorMarketing, PartnerAdmin,
        PartnerMarketing, PartnerFinance];
    /// Set up funds, allocate, reserve, release and reimburse.
    FundManage, "funds:manage", [VendorOwner, VendorAdmin, VendorFinance, VendorMarketing];
    /// See payouts and the state of payment profiles: a vendor all, a partner its own.
    PayoutRead, "payouts:read", [VendorOwner, VendorAdmin, VendorFinance, PartnerAdmin, PartnerFinance];
    /// Propose, execute and reconcile batches of payouts.
    PayoutPrepare, "payouts:prepare", [VendorOwner, VendorAdmin, VendorFinance];
    /// Approve batches of payouts that somebody else proposed.
    PayoutApprove, "payouts:approve", [VendorOwner, VendorAdmin, VendorFinance];
    /// Say where the partner is paid.
    PayoutProfileManage, "payout_profiles:manage", [PartnerAdmin, PartnerFinance];
}

impl Role {
    /// What the role may do.
    #[must_use]
    pub fn permissions(self) -> Permissions {
        Permission::ALL
            .iter()
            .copied()
            .filter(|permission| permission.roles().contains(&self))
            .collect()
    }
}

impl Permission {
    /// The permission that a scope names.
    #[must_use]
    pub fn parse(scope: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.scope() == scope)
    }

    /// Whether any role of this kind of organisation has it.
    #[must_use]
    pub fn applies_to(self, kind: OrgKind) -> bool {
        self.roles().iter().any(|role| role.kind() == kind)
    }

    /// Whether an API key of this kind of organisation may have it: some role there does, and it isn't about who may
    /// act for the organisation, where its data goes, or a person's own word on money. A key that leaks must not be able to
    /// outlive itself as a member, another key, or a copy of everything that is sent elsewhere, nor pay itself.
    #[must_use]
    pub fn suits_key(self, kind: OrgKind) -> bool {
        let lasting = matches!(
            self,
            Self::ApiKeyManage
                | Self::MemberManage
                | Self::WebhookManage
                | Self::CrmManage
                | Self::RewardRead
                | Self::PayoutApprove
                | Self::PayoutProfileManage
        );
        !lasting && self.applies_to(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_unique_and_sets_hold_what_was_put_in() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.scope()), Some(*permission));
            let alone: Permissions = [*permission].into_iter().collect();
            assert_eq!(alone.iter().collect::<Vec<_>>(), [*permission]);
        }
    }

    #[test]
    fn a_vendor_never_submits_and_a_partner_never_decides() {
        for role in Role::ALL {
            let may = role.permissions();
            match role.kind() {
                OrgKind::Vendor => assert!(!may.contains(Permission::DealSubmit), "{role:?}"),
                OrgKind::Partner => assert!(!may.contains(Permission::DealDecide), "{role:?}"),
            }
        }
    }
}
