//! Expressions of rules: conditions and amounts that the fields of a rule can't say.
//!
//! rhai reads and evaluates them, stripped to single expressions: no statements, loops, functions, variables or modules.
//! [`typed`] lets through only the names, operators and types that are listed there, so that what can still fail when
//! a sale is calculated is arithmetic (division by zero, overflow) and facts that a sale lacks.

mod engine;
mod typed;

use std::sync::Arc;

use rhai::{AST, Dynamic, ImmutableString, Scope};
use rust_decimal::Decimal;

use crate::{
    CalcFault, DealType, Fault, Party, Sale, SaleLine,
    arithmetic::{settled, times},
    conditions::SaleSums,
};

/// The most characters of an expression.
const MOST_CHARACTERS: usize = 2_000;

/// What an expression is evaluated for.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub sale: &'a Sale,
    /// None for an activity.
    pub line: Option<&'a SaleLine>,
    pub party: &'a Party,
    /// Units of the plan's currency for one of the sale's.
    pub rate: Decimal,
    pub sums: SaleSums,
}

/// What an expression must result in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// True or false.
    Condition,
    /// A number.
    Amount,
}

/// What an expression can ask of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Amount,
    Quantity,
    Cost,
    Kept,
    SaleTotal,
    Month,
    Sku,
    Family,
    Tier,
    Region,
    Country,
    Activity,
    DealType,
}

impl Name {
    /// As they are written.
    const ALL: [(&'static str, Self); 13] = [
        ("amount", Self::Amount),
        ("quantity", Self::Quantity),
        ("cost", Self::Cost),
        ("kept", Self::Kept),
        ("sale_total", Self::SaleTotal),
        ("month", Self::Month),
        ("sku", Self::Sku),
        ("family", Self::Family),
        ("tier", Self::Tier),
        ("region", Self::Region),
        ("country", Self::Country),
        ("activity", Self::Activity),
        ("deal_type", Self::DealType),
    ];
}

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Expression {
    ast: AST,
    names: Vec<(&'static str, Name)>,
    facts: Vec<ImmutableString>,
    rule: Arc<str>,
    pointer: Arc<str>,
}

impl Expression {
    /// Compiles and checks.
    pub(crate) fn compile(text: &str, outcome: Outcome, rule: &Arc<str>, pointer: &str) -> Result<Self, Fault> {
        let fault = |code: &'static str, message: String| Fault::new(pointer, code, message);
        if text.chars().count() > MOST_CHARACTERS {
            let message = format!("has more than {MOST_CHARACTERS} characters");
            return Err(fault("expression_too_long", message));
        }
        let ast = engine::shared().compile_expression(text).map_err(|error| {
            let at = typed::place(error.1);
            fault("expression_syntax", format!("{at}: {}", error.0))
        })?;
        let found = typed::check(&ast, outcome).map_err(|error| fault(error.code, error.message))?;
        Ok(Self {
            ast,
            names: found.names,
            facts: found.facts,
            rule: Arc::clone(rule),
            pointer: pointer.into(),
        })
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&self, of: &Inputs<'_>) -> Result<bool, CalcFault> {
        let result = self.evaluate(of)?;
        result
            .as_bool()
            .map_err(|found| self.failed(format!("results in {found}, not in true or false")))
    }

    /// The amount, as it comes out.
    pub(crate) fn amount(&self, of: &Inputs<'_>) -> Result<Decimal, CalcFault> {
        let result = self.evaluate(of)?;
        result
            .as_decimal()
            .map(settled)
            .map_err(|found| self.failed(format!("results in {found}, not in a number")))
    }

    fn evaluate(&self, of: &Inputs<'_>) -> Result<Dynamic, CalcFault> {
        let mut scope = Scope::new();
        for (text, name) in &self.names {
            scope.push_constant_dynamic(*text, self.value(*name, of)?);
        }
        let facts = || {
            self.facts
                .iter()
                .map(|key| (key.clone(), engine::fact(of.sale.facts.get(key.as_str()))))
        };
        engine::evaluate(&self.ast, &mut scope, facts).map_err(|error| self.failed(error.to_string()))
    }

    fn value(&self, name: Name, of: &Inputs<'_>) -> Result<Dynamic, CalcFault> {
        let text = |text: Option<&String>| Ok(text.map_or("", String::as_str).into());
        let zero = Decimal::ZERO;
        let line = of.line;
        let money = |amount: Decimal| times(amount, of.rate).map(Dynamic::from_decimal);
        match name {
            Name::Amount => money(line.map_or(zero, |line| line.amount)),
            Name::Kept => money(line.map_or(zero, |line| line.kept)),
            Name::SaleTotal => money(of.sums.amount),
            Name::Cost => line.map_or(Ok(zero.into()), |line| match line.cost {
                Some(cost) => money(cost),
                None => Err(CalcFault::MissingCost {
                    rule: Arc::clone(&self.rule),
                    line: line.no,
                }),
            }),
            Name::Quantity => Ok(line.map_or(zero, |line| line.quantity).into()),
            Name::Month => Ok(Decimal::from(of.sale.month).into()),
            Name::Sku => text(line.and_then(|line| line.sku.as_ref())),
            Name::Family => text(line.and_then(|line| line.family.as_ref())),
            Name::Tier => text(of.party.tier.as_ref()),
            Name::Region => text(of.party.region.as_ref()),
            Name::Country => text(of.sale.country.as_ref()),
            Name::Activity => text(of.sale.activity.as_ref()),
            Name::DealType => Ok(match of.sale.deal_type {
                DealType::New => "new",
                DealType::Renewal => "renewal",
                DealType::Expansion => "expansion",
            }
            .into()),
        }
    }

    fn failed(&self, message: String) -> CalcFault {
        CalcFault::Expression {
            rule: Arc::clone(&self.rule),
            pointer: Arc::clone(&self.pointer),
            message,
        }
    }
}
