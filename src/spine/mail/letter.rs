//! The text of a letter.

use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use crate::http::Problem;

/// A kind of letter; its fields are the template's variables.
pub trait Letter: Serialize + Sync {
    /// Its name, for the records.
    const NAME: &'static str;
    /// The template (minijinja, plain text): `Subject: …` on the first line, an empty line, the body. A variable
    /// that the letter doesn't have is an error.
    const TEMPLATE: &'static str;
}

/// A letter as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// Fills the letter's template.
///
/// # Errors
/// 500 when the template doesn't suit its letter.
pub fn render<L: Letter>(letter: &L) -> Result<Rendered, Problem> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let text = environment.render_named_str(L::NAME, L::TEMPLATE, minijinja::value::Serde(letter));
    let text = text.map_err(Problem::internal)?;
    let malformed = || Problem::internal(format!("letter {} must begin with Subject: and an empty line", L::NAME));
    let (head, body) = text.split_once("\n\n").ok_or_else(malformed)?;
    let subject = head.strip_prefix("Subject:").ok_or_else(malformed)?;
    // A line break in a variable must not become a header.
    let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Rendered {
        subject,
        body: body.trim_end().to_owned() + "\n",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Greeting {
        name: &'static str,
    }

    impl Letter for Greeting {
        const NAME: &'static str = "greeting";
        const TEMPLATE: &'static str = "Subject: Hello {{ name }}\n\nDear {{ name }} & friends,\n\nwelcome.\n";
    }

    #[derive(Serialize)]
    struct Nameless {}

    impl Letter for Nameless {
        const NAME: &'static str = "nameless";
        const TEMPLATE: &'static str = Greeting::TEMPLATE;
    }

    #[test]
    fn a_variable_stays_text_and_adds_no_header() {
        let rendered = render(&Greeting {
            name: "<Ann>\r\nBcc: all@example.com",
        })
        .unwrap();
        assert_eq!(rendered.subject, "Hello <Ann> Bcc: all@example.com");
        let rendered = render(&Greeting { name: "<Ann>" }).unwrap();
        assert_eq!(rendered.body, "Dear <Ann> & friends,\n\nwelcome.\n");
    }

    #[test]
    fn a_missing_variable_is_an_error() {
        assert!(render(&Nameless {}).is_err());
    }
}
