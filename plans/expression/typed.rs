//! What an expression may say, and of which type it is.

use rhai::{AST, Expr, FnCallExpr, ImmutableString, Position, Stmt};

use super::{Name, Outcome};

/// How deep expressions may be nested; a chain of operators is as deep as it has operators.
const MOST_DEPTH: usize = 64;

/// What is wrong with an expression.
pub(super) struct Refusal {
    pub code: &'static str,
    pub message: String,
}

/// What an expression needs to be evaluated.
pub(super) struct Needs {
    outcome: Outcome,
    pub names: Vec<(&'static str, Name)>,
    pub facts: Vec<ImmutableString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Number,
    Text,
    Truth,
    /// A fact, whose type shows when a sale is there.
    Fact,
}

impl Type {
    const fn described(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Truth => "true or false",
            Self::Fact => "a fact",
        }
    }

    fn may_be(self, other: Self) -> bool {
        self == other || self == Self::Fact || other == Self::Fact
    }
}

/// Where something is, for messages.
pub(super) fn place(position: Position) -> String {
    let line = position.line().unwrap_or(1);
    let column = position.position().unwrap_or(1);
    format!("line {line}, column {column}")
}

fn refuse<T>(code: &'static str, position: Position, what: impl std::fmt::Display) -> Result<T, Refusal> {
    Err(Refusal {
        code,
        message: format!("{}: {what}", place(position)),
    })
}

/// Checks names, operators and types.
pub(super) fn check(ast: &AST, outcome: Outcome) -> Result<Needs, Refusal> {
    let [Stmt::Expr(expression)] = ast.statements() else {
        return refuse("expression_syntax", Position::NONE, "must be one expression");
    };
    let mut needs = Needs::of(outcome);
    let found = needs.type_of(expression, 0)?;
    let wanted = match outcome {
        Outcome::Condition => Type::Truth,
        Outcome::Amount => Type::Number,
    };
    if found.may_be(wanted) {
        return Ok(needs);
    }
    let what = format!("results in {}, but must be {}", found.described(), wanted.described());
    refuse("wrong_type", expression.start_position(), what)
}

impl Needs {
    const fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            names: Vec::new(),
            facts: Vec::new(),
        }
    }

    fn type_of(&mut self, expression: &Expr, depth: usize) -> Result<Type, Refusal> {
        let position = expression.position();
        if depth > MOST_DEPTH {
            let what = format!("is nested more than {MOST_DEPTH} deep; use several rules");
            return refuse("expression_too_deep", position, what);
        }
        match expression {
            Expr::BoolConstant(..) => Ok(Type::Truth),
            Expr::StringConstant(..) => Ok(Type::Text),
            Expr::DynamicConstant(value, _) if value.is_decimal() => Ok(Type::Number),
            Expr::Variable(variable, ..) => self.name(&variable.1, position),
            Expr::And(parts, _) | Expr::Or(parts, _) => {
                for part in parts.iter() {
                    self.expect(part, Type::Truth, depth)?;
                }
                Ok(Type::Truth)
            }
            Expr::FnCall(call, _) => self.call(call, position, depth),
            _ => refuse("expression_syntax", position, "can't be used in expressions of plans"),
        }
    }

    fn expect(&mut self, expression: &Expr, wanted: Type, depth: usize) -> Result<(), Refusal> {
        let found = self.type_of(expression, depth + 1)?;
        if found.may_be(wanted) {
            return Ok(());
        }
        let what = format!("is {}, but {} is needed", found.described(), wanted.described());
        refuse("wrong_type", expression.start_position(), what)
    }

    fn name(&mut self, text: &str, position: Position) -> Result<Type, Refusal> {
        let Some(known) = Name::ALL.iter().find(|(known, _)| *known == text) else {
            let names: Vec<&str> = Name::ALL.iter().map(|(name, _)| *name).collect();
            let what = format!("no name {text:?}; there are {} and fact(\"key\")", names.join(", "));
            return refuse("unknown_name", position, what);
        };
        if known.1 == Name::Kept && self.outcome == Outcome::Amount {
            let what = "kept is for conditions: refunds take their part of an amount by themselves";
            return refuse("not_in_amounts", position, what);
        }
        if !self.names.contains(known) {
            self.names.push(*known);
        }
        Ok(match known.1 {
            Name::Amount | Name::Quantity | Name::Cost | Name::Kept | Name::SaleTotal | Name::Month => Type::Number,
            _ => Type::Text,
        })
    }

    fn call(&mut self, call: &FnCallExpr, position: Position, depth: usize) -> Result<Type, Refusal> {
        let all = |this: &mut Self, wanted: Type| {
            call.args
                .iter()
                .try_for_each(|argument| this.expect(argument, wanted, depth))
        };
        match (call.name.as_str(), call.args.as_slice()) {
            ("+" | "-" | "*" | "/" | "%" | "min" | "max" | "round", [_, _])
            | ("-" | "+" | "abs" | "floor" | "ceiling" | "round", [_]) => {
                all(self, Type::Number)?;
                Ok(Type::Number)
            }
            ("!", [_]) => {
                all(self, Type::Truth)?;
                Ok(Type::Truth)
            }
            ("==" | "!=", [a, b]) => self.alike(a, b, depth).map(|_| Type::Truth),
            ("<" | "<=" | ">" | ">=", [a, b]) => {
                if self.alike(a, b, depth)? == Type::Truth {
                    return refuse("wrong_type", position, "true and false have no order");
                }
                Ok(Type::Truth)
            }
            ("contains" | "starts_with", [_, _]) => {
                all(self, Type::Text)?;
                Ok(Type::Truth)
            }
            ("choose", [truth, a, b]) => {
                self.expect(truth, Type::Truth, depth)?;
                self.alike(a, b, depth)
            }
            ("fact" | "has" | "number", [key]) => self.fact(&call.name, key),
            (name, arguments) => {
                let what = format!("no function or operator {name:?} of {} values", arguments.len());
                refuse("unknown_name", position, what)
            }
        }
    }

    /// Two of one type.
    fn alike(&mut self, a: &Expr, b: &Expr, depth: usize) -> Result<Type, Refusal> {
        let first = self.type_of(a, depth + 1)?;
        self.expect(b, first, depth)?;
        if first == Type::Fact {
            return self.type_of(b, depth + 1);
        }
        Ok(first)
    }

    /// The keys are written out, so that a sale's facts need not all be prepared.
    fn fact(&mut self, function: &str, key: &Expr) -> Result<Type, Refusal> {
        let Expr::StringConstant(key, _) = key else {
            return refuse("wrong_type", key.start_position(), "needs a key in quotes");
        };
        if !self.facts.contains(key) {
            self.facts.push(key.clone());
        }
        Ok(match function {
            "has" => Type::Truth,
            "number" => Type::Number,
            _ => Type::Fact,
        })
    }
}
