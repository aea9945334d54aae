//! What the terms say, and what they say unless told.

use guildhall_onboard::api::Tier;
use guildhall_spine::http::Checks;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rules::{Rule, check_rules};

/// The longest period in days that a term can name: three years.
const LONGEST: u16 = 1096;

/// A number of days for each tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct TierDays {
    /// For registered partners.
    #[schema(example = 90)]
    registered: u16,
    /// For silver partners.
    #[schema(example = 90)]
    silver: u16,
    /// For gold partners.
    #[schema(example = 120)]
    gold: u16,
    /// For platinum partners.
    #[schema(example = 180)]
    platinum: u16,
}

/// A limit for each tier; `null` is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct TierLimits {
    /// For registered partners.
    #[schema(example = 25)]
    registered: Option<u32>,
    /// For silver partners.
    #[schema(example = 50)]
    silver: Option<u32>,
    /// For gold partners.
    gold: Option<u32>,
    /// For platinum partners.
    platinum: Option<u32>,
}

/// How a protection is made longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct ExtensionTerms {
    /// Days that one extension adds, 1 to 1096.
    #[schema(example = 30)]
    pub(in crate::deals) days: u16,
    /// How many extensions a deal gets, 0 to 20.
    #[schema(example = 2)]
    pub(in crate::deals) most: u16,
    /// Whether a request has to say what progress there is.
    #[schema(example = true)]
    pub(in crate::deals) evidence_required: bool,
}

/// The terms of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealTerms)]
pub(in crate::deals) struct Terms {
    /// Days that an approval protects, 1 to 1096, by the partner's tier at the approval.
    pub(in crate::deals) protection_days: TierDays,
    /// Days without progress after which a protected deal lapses, 1 to 1096; `null` for never.
    #[schema(example = 60)]
    pub(in crate::deals) idle_days: Option<u16>,
    /// How a protection is made longer.
    pub(in crate::deals) extension: ExtensionTerms,
    /// Open registrations that a partner may have with the vendor, by its tier.
    pub(in crate::deals) open_registrations: TierLimits,
    /// Hours within which the vendor answers a submission or an appeal, 1 to 2160.
    #[schema(example = 48)]
    pub(in crate::deals) decision_hours: u16,
    /// Whether Saturdays and Sundays (UTC) don't count among those hours.
    #[schema(example = true)]
    pub(in crate::deals) business_days: bool,
    /// Days after a refusal within which the partner may appeal, 0 to 365; 0 is no appeal.
    #[schema(example = 14)]
    pub(in crate::deals) appeal_days: u16,
    /// Days that a partner has to answer a customer's request to be released, 0 to 90.
    #[schema(example = 5)]
    pub(in crate::deals) hearing_days: u16,
    /// Who approves what: the first rule that applies does. At most 50. Without one that applies, anybody who may
    /// decide on deals does.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(in crate::deals) rules: Vec<Rule>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            protection_days: TierDays {
                registered: 90,
                silver: 90,
                gold: 120,
                platinum: 180,
            },
            idle_days: Some(60),
            extension: ExtensionTerms {
                days: 30,
                most: 2,
                evidence_required: true,
            },
            open_registrations: TierLimits::default(),
            decision_hours: 48,
            business_days: true,
            appeal_days: 14,
            hearing_days: 5,
            rules: Vec::new(),
        }
    }
}

impl TierDays {
    /// The days of a tier.
    pub(in crate::deals) const fn of(&self, tier: Tier) -> u16 {
        match tier {
            Tier::Registered => self.registered,
            Tier::Silver => self.silver,
            Tier::Gold => self.gold,
            Tier::Platinum => self.platinum,
        }
    }
}

impl TierLimits {
    /// The limit of a tier.
    pub(in crate::deals) const fn of(&self, tier: Tier) -> Option<u32> {
        match tier {
            Tier::Registered => self.registered,
            Tier::Silver => self.silver,
            Tier::Gold => self.gold,
            Tier::Platinum => self.platinum,
        }
    }
}

impl Terms {
    /// Notes every fault. `at` is where the terms stand in the body.
    pub(super) fn check(&self, checks: &mut Checks, at: &str) {
        let mut range = |pointer: String, value: u16, least: u16, most: u16| {
            if !(least..=most).contains(&value) {
                checks.refuse(pointer, "range", format!("must be from {least} to {most}"));
            }
        };
        for tier in [Tier::Registered, Tier::Silver, Tier::Gold, Tier::Platinum] {
            let pointer = format!("{at}/protection_days/{}", tier.as_str());
            range(pointer, self.protection_days.of(tier), 1, LONGEST);
        }
        if let Some(days) = self.idle_days {
            range(format!("{at}/idle_days"), days, 1, LONGEST);
        }
        range(format!("{at}/extension/days"), self.extension.days, 1, LONGEST);
        range(format!("{at}/extension/most"), self.extension.most, 0, 20);
        range(format!("{at}/decision_hours"), self.decision_hours, 1, 2160);
        range(format!("{at}/appeal_days"), self.appeal_days, 0, 365);
        range(format!("{at}/hearing_days"), self.hearing_days, 0, 90);
        check_rules(checks, &format!("{at}/rules"), &self.rules);
    }
}
