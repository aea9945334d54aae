//! Whether a plan is sound: reads it and finds everything that is wrong with it.

mod bounds;
mod common;
mod terms;

use guildhall_kernel::Currency;
use serde::Deserialize;
use serde_json::Value;

use crate::{CommonSpec, Fault, PlanKind, PlanSpec, PlanTerms, Trigger, read::Fields};

/// The most bytes of a plan as JSON.
const MOST_BYTES: usize = 64 * 1024;

/// What the checks of a type need to know of the common part.
#[derive(Clone, Copy)]
struct Context {
    kind: PlanKind,
    trigger: Trigger,
    currency: Option<Currency>,
}

/// The parts of a plan that could be read.
pub(crate) struct Parts {
    context: Context,
    common: Option<CommonSpec>,
    /// What the type adds.
    pub terms: Option<PlanTerms>,
}

impl Parts {
    /// The plan, when both parts are there; checks what depends on both.
    pub(crate) fn joined(self, faults: &mut Vec<Fault>) -> Option<PlanSpec> {
        let spec = PlanSpec {
            common: self.common?,
            terms: self.terms?,
        };
        common::check(&spec, self.context, faults);
        Some(spec)
    }
}

/// Reads and checks the parts of a plan, except for its expressions. None when its type isn't known.
pub(crate) fn read(value: &Value, faults: &mut Vec<Fault>) -> Option<Parts> {
    if serde_json::to_vec(value).is_ok_and(|bytes| bytes.len() > MOST_BYTES) {
        faults.push(Fault::new("", "too_large", "a plan has at most 64 KiB; merge rules"));
        return None;
    }
    let mut fields = Fields::of(value, "", faults)?;
    let kind: Option<PlanKind> = fields.required("type", faults);
    let common = common::read(&mut fields, faults);
    let kind = kind?;
    let context = Context {
        kind,
        // As written, so that a fault elsewhere doesn't give rise to others here.
        trigger: value
            .get("trigger")
            .and_then(|trigger| Trigger::deserialize(trigger).ok())?,
        currency: value
            .get("currency")
            .and_then(Value::as_str)
            .and_then(Currency::from_code),
    };
    let terms = terms::read(&mut fields, context, faults);
    fields.finish(faults);
    Some(Parts { context, common, terms })
}
