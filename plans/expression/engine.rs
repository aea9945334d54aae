//! The engine that reads and evaluates expressions, and the functions that they may call.

use std::{cell::RefCell, sync::LazyLock};

use rhai::{AST, Dynamic, Engine, EvalAltResult, ImmutableString, OptimizationLevel, Scope, Token};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde_json::Value;

thread_local! {
    /// The facts of the sale that is being evaluated on this thread: a function of the engine, which all share, has no
    /// other way to them.
    static FACTS: RefCell<Vec<(ImmutableString, Dynamic)>> = const { RefCell::new(Vec::new()) };
}

type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// The one engine.
pub(super) fn shared() -> &'static Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(build);
    &ENGINE
}

/// Evaluates with the given facts.
pub(super) fn evaluate<I: Iterator<Item = (ImmutableString, Dynamic)>>(
    ast: &AST,
    scope: &mut Scope<'_>,
    facts: impl Fn() -> I,
) -> Outcome<Dynamic> {
    FACTS.with_borrow_mut(|known| {
        known.clear();
        known.extend(facts());
    });
    shared().eval_ast_with_scope(scope, ast)
}

/// An answer of a form as expressions see it.
pub(super) fn fact(value: Option<&Value>) -> Dynamic {
    match value {
        Some(Value::Bool(truth)) => (*truth).into(),
        Some(Value::String(text)) => text.as_str().into(),
        Some(Value::Number(number)) => decimal(&number.to_string()).map_or(Dynamic::UNIT, Dynamic::from_decimal),
        _ => Dynamic::UNIT,
    }
}

/// A number as JSON writes it, with an exponent too.
fn decimal(text: &str) -> Option<Decimal> {
    text.parse().or_else(|_| Decimal::from_scientific(text)).ok()
}

#[expect(
    deprecated,
    reason = "rhai marks what it may change in a minor version so; there is no other way to map tokens"
)]
fn build() -> Engine {
    let mut engine = Engine::new_raw();
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_allow_if_expression(false)
        .set_allow_switch_expression(false)
        .set_allow_looping(false)
        .set_max_expr_depths(64)
        .set_max_operations(10_000)
        .set_max_variables(20)
        .set_max_string_size(1_000)
        // Whole numbers are decimals too, so that 1 / 2 is a half and nothing overflows at 64 bits.
        .on_parse_token(|token, _, _| match token {
            Token::IntegerConstant(number) => {
                Token::DecimalConstant(Box::new((Decimal::from(number), number.to_string().into())))
            }
            token => token,
        });
    register_numbers(&mut engine);
    register_texts(&mut engine);
    engine
}

fn register_numbers(engine: &mut Engine) {
    engine
        .register_fn("-", |number: Decimal| -number)
        .register_fn("+", |number: Decimal| number)
        .register_fn("!", |truth: bool| !truth)
        .register_fn("min", |a: Decimal, b: Decimal| a.min(b))
        .register_fn("max", |a: Decimal, b: Decimal| a.max(b))
        .register_fn("abs", |number: Decimal| number.abs())
        .register_fn("floor", |number: Decimal| number.floor())
        .register_fn("ceiling", |number: Decimal| number.ceil())
        .register_fn("round", |number: Decimal| round(number, Decimal::ZERO))
        .register_fn("round", round)
        .register_fn(
            "choose",
            |truth: bool, a: Decimal, b: Decimal| if truth { a } else { b },
        )
        .register_fn("number", number);
}

fn register_texts(engine: &mut Engine) {
    engine
        .register_fn("contains", |text: &str, part: &str| text.contains(part))
        .register_fn("starts_with", |text: &str, part: &str| text.starts_with(part))
        .register_fn(
            "choose",
            |truth: bool, a: ImmutableString, b: ImmutableString| if truth { a } else { b },
        )
        .register_fn("fact", |key: &str| known(key))
        .register_fn("has", |key: &str| !known(key).is_unit());
}

/// Half to even at so many decimals, 0 to 12.
fn round(number: Decimal, places: Decimal) -> Decimal {
    let places = places.trunc().to_u32().unwrap_or_default().min(12);
    number.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven)
}

fn known(key: &str) -> Dynamic {
    FACTS.with_borrow(|facts| {
        let found = facts.iter().find(|(name, _)| name == key);
        found.map_or(Dynamic::UNIT, |(_, value)| value.clone())
    })
}

/// A fact that must be a number, or a text that is one.
fn number(key: &str) -> Outcome<Decimal> {
    let value = known(key);
    let number = match value.as_decimal() {
        Ok(number) => Some(number),
        Err(_) => value.as_immutable_string_ref().ok().and_then(|text| decimal(&text)),
    };
    number.ok_or_else(|| format!("the sale's fact {key:?} is no number; ask has({key:?}) before").into())
}
