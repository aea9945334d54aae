//! Approval rules: conditions, and what happens to a deal that meets them.

use std::{collections::BTreeSet, fmt};

use guildhall_kernel::{Currency, UserId};
use guildhall_onboard::api::Tier;
use guildhall_spine::{
    access::{OrgKind, Permission, Role},
    http::Checks,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};
use utoipa::ToSchema;

use crate::deals::conflict::Level;

/// An amount in one currency. Amounts of different currencies are not compared: each currency has its own limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct AmountLimit {
    /// ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub(super) currency: Currency,
    /// The amount.
    #[schema(example = "25000.00")]
    pub(super) amount: String,
}

/// Reads limits, and says what they look like when something else comes: an amount alone is what people try.
fn limits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AmountLimit>, D::Error> {
    struct Limits;

    impl<'de> Visitor<'de> for Limits {
        type Value = Vec<AmountLimit>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of limits, one a currency, like [{\"currency\": \"EUR\", \"amount\": \"60000\"}]")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut listed: A) -> Result<Self::Value, A::Error> {
            let mut limits = Vec::new();
            while let Some(limit) = listed.next_element()? {
                limits.push(limit);
            }
            Ok(limits)
        }
    }

    deserializer.deserialize_seq(Limits)
}

/// What has to hold of a deal, all of it. What is left out always holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovalConditions)]
pub(in crate::deals) struct Conditions {
    /// The deal's currency is one of these, and its amount at most the one given. At most 20, empty for any amount.
    #[serde(default, deserialize_with = "limits")]
    pub(super) amount_at_most: Vec<AmountLimit>,
    /// The deal's currency is one of these, and its amount at least the one given. At most 20, empty for any amount.
    #[serde(default, deserialize_with = "limits")]
    pub(super) amount_at_least: Vec<AmountLimit>,
    /// The partner's tier is one of these; empty for any.
    #[serde(default)]
    pub(super) tiers: Vec<Tier>,
    /// The partner holds all of these certifications, which the vendor notes in its lead capabilities; letter case
    /// doesn't matter. At most 50, empty for none.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["Gateway expert"]))]
    pub(super) certifications: Vec<String>,
    /// The customer's country (ISO 3166-1 alpha-2) is one of these; empty for any. At most 250.
    #[serde(default)]
    #[schema(example = json!(["DE", "AT", "CH"]))]
    pub(super) countries: Vec<String>,
    /// The gravest conflict, with registrations or with the vendor's own accounts, is below this level.
    #[serde(default)]
    pub(super) conflict_below: Option<Level>,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ApprovalOutcome)]
pub(in crate::deals) enum RuleOutcome {
    /// Approves the deal when it is submitted. An approved rival stands in the way all the same.
    AutoApprove,
    /// Has people approve it.
    Chain,
}

/// How the steps of a chain follow one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ApprovalOrder)]
pub(in crate::deals) enum Order {
    /// One after the other.
    #[default]
    Sequence,
    /// All at once.
    Parallel,
}

/// How many of a step's approvers it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = ApprovalNeeds)]
pub(in crate::deals) enum Needs {
    /// Each of them.
    All,
    /// One of them.
    Any,
}

/// Somebody who approves: one member of the vendor, or whoever has a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct Approver {
    /// The member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::deals) user_id: Option<UserId>,
    /// The role: one that may decide on deals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "channel_manager")]
    pub(in crate::deals) role: Option<String>,
}

/// A step of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovalRuleStep)]
pub(in crate::deals) struct Step {
    /// What it is called, 1 to 100 characters.
    #[schema(example = "Regional lead")]
    pub(in crate::deals) name: String,
    /// Who approves, 1 to 10.
    #[schema(min_items = 1, max_items = 10)]
    pub(in crate::deals) approvers: Vec<Approver>,
    /// How many of them it needs.
    pub(in crate::deals) needs: Needs,
    /// Hours after which `escalate_to` may approve in their place, 1 to 2160.
    #[serde(default)]
    #[schema(example = 24)]
    pub(in crate::deals) escalate_hours: Option<u16>,
    /// Who that is. Needed with `escalate_hours`.
    #[serde(default)]
    pub(in crate::deals) escalate_to: Option<Approver>,
}

/// A rule. The first that applies to a deal decides how it is approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovalRule)]
pub(in crate::deals) struct Rule {
    /// Its name, 1 to 100 characters, unique in the program.
    #[schema(example = "Small deals in the region")]
    pub(in crate::deals) name: String,
    /// When it applies.
    #[serde(default)]
    pub(in crate::deals) when: Conditions,
    /// What it does.
    pub(in crate::deals) outcome: RuleOutcome,
    /// How the steps follow one another; for a chain.
    #[serde(default)]
    pub(in crate::deals) order: Order,
    /// The steps of the chain, 1 to 10; none for `auto_approve`.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub(in crate::deals) steps: Vec<Step>,
}

/// The chain of a rule.
#[derive(Debug)]
pub(in crate::deals) struct Chain<'a> {
    pub(in crate::deals) order: Order,
    pub(in crate::deals) steps: &'a [Step],
}

/// Notes every fault of the rules that stand at `at`.
pub(super) fn check_rules(checks: &mut Checks, at: &str, rules: &[Rule]) {
    checks.check(rules.len() <= 50, at, "length", "must have at most 50 rules");
    let mut names = BTreeSet::new();
    for (place, rule) in rules.iter().enumerate() {
        let at = format!("{at}/{place}");
        checks.text(&format!("{at}/name"), &rule.name, 1, 100, false);
        let new = names.insert(rule.name.trim().to_lowercase());
        checks.check(new, &format!("{at}/name"), "taken", "another rule has this name");
        check_conditions(checks, &format!("{at}/when"), &rule.when);
        let steps = match rule.outcome {
            RuleOutcome::AutoApprove => rule.steps.is_empty(),
            RuleOutcome::Chain => (1..=10).contains(&rule.steps.len()),
        };
        let message = "must have 1 to 10 steps for a chain, and none for auto_approve";
        checks.check(steps, &format!("{at}/steps"), "length", message);
        for (place, step) in rule.steps.iter().enumerate() {
            check_step(checks, &format!("{at}/steps/{place}"), step);
        }
    }
}

fn check_conditions(checks: &mut Checks, at: &str, when: &Conditions) {
    for (name, limits) in [
        ("amount_at_most", &when.amount_at_most),
        ("amount_at_least", &when.amount_at_least),
    ] {
        let at = format!("{at}/{name}");
        checks.check(limits.len() <= 20, &at, "length", "must have at most 20 limits");
        let mut seen = BTreeSet::new();
        for (place, limit) in limits.iter().enumerate() {
            checks.money(&format!("{at}/{place}/amount"), &limit.amount, limit.currency);
            let new = seen.insert(limit.currency.code());
            let pointer = format!("{at}/{place}/currency");
            checks.check(new, &pointer, "taken", "another limit is in this currency");
        }
    }
    let few = when.certifications.len() <= 50;
    let certifications = format!("{at}/certifications");
    checks.check(few, &certifications, "length", "must have at most 50 certifications");
    for (place, certification) in when.certifications.iter().enumerate().take(50) {
        checks.text(&format!("{certifications}/{place}"), certification, 1, 200, false);
    }
    let few = when.countries.len() <= 250;
    checks.check(
        few,
        &format!("{at}/countries"),
        "length",
        "must have at most 250 countries",
    );
    for (place, country) in when.countries.iter().enumerate() {
        checks.country(&format!("{at}/countries/{place}"), country);
    }
}

fn check_step(checks: &mut Checks, at: &str, step: &Step) {
    checks.text(&format!("{at}/name"), &step.name, 1, 100, false);
    let some = (1..=10).contains(&step.approvers.len());
    checks.check(
        some,
        &format!("{at}/approvers"),
        "length",
        "must have 1 to 10 approvers",
    );
    for (place, approver) in step.approvers.iter().enumerate() {
        check_approver(checks, &format!("{at}/approvers/{place}"), approver);
    }
    if let Some(hours) = step.escalate_hours {
        let near = (1..=2160).contains(&hours);
        checks.check(near, &format!("{at}/escalate_hours"), "range", "must be from 1 to 2160");
    }
    let both = step.escalate_hours.is_some() == step.escalate_to.is_some();
    let message = "goes together with escalate_hours: give both or neither";
    checks.check(both, &format!("{at}/escalate_to"), "missing", message);
    if let Some(approver) = &step.escalate_to {
        check_approver(checks, &format!("{at}/escalate_to"), approver);
    }
}

fn check_approver(checks: &mut Checks, at: &str, approver: &Approver) {
    let one = approver.user_id.is_some() != approver.role.is_some();
    checks.check(one, at, "choice", "must have either user_id or role");
    if let Some(role) = &approver.role {
        let decides =
            Role::parse(OrgKind::Vendor, role).is_some_and(|role| role.permissions().contains(Permission::DealDecide));
        let message = "must be a role that may decide on deals: owner, admin or channel_manager";
        checks.check(decides, &format!("{at}/role"), "role", message);
    }
}

impl Rule {
    /// Its chain, if it has people approve.
    pub(in crate::deals) fn chain(&self) -> Option<Chain<'_>> {
        (self.outcome == RuleOutcome::Chain).then_some(Chain {
            order: self.order,
            steps: &self.steps,
        })
    }

    /// Everybody it names, with where they stand below the rule.
    pub(super) fn users(&self) -> Vec<(String, UserId)> {
        let mut users = Vec::new();
        for (no, step) in self.steps.iter().enumerate() {
            for (place, approver) in step.approvers.iter().enumerate() {
                let at = format!("steps/{no}/approvers/{place}/user_id");
                users.extend(approver.user_id.map(|user| (at, user)));
            }
            let to = step.escalate_to.as_ref().and_then(|approver| approver.user_id);
            users.extend(to.map(|user| (format!("steps/{no}/escalate_to/user_id"), user)));
        }
        users
    }
}
