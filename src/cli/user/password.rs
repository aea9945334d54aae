//! Asking for a password.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};

use guildhall_spine::{App, http::Checks, identity::check_new_password};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

use super::refused;
use crate::cli::{CliFault, say};

/// A password to be set.
pub(super) struct Password {
    pub(super) text: String,
    made: bool,
}

impl Password {
    /// Shows a password that was made here: nobody knows it otherwise.
    pub(super) fn tell(&self) -> Result<(), CliFault> {
        if self.made {
            say(format_args!("password: {}", self.text))?;
        }
        Ok(())
    }
}

/// The password for the person with this address: typed twice without being shown, or the first line of standard
/// input when that isn't a terminal. An empty one asks for one to be made.
pub(super) fn ask(app: &App, email: &str) -> Result<Password, CliFault> {
    let text = if stdin().is_terminal() { typed()? } else { line()? };
    if text.is_empty() {
        return Ok(Password {
            text: app.entropy.token(),
            made: true,
        });
    }
    let mut checks = Checks::default();
    check_new_password(&mut checks, "password", &text, email);
    refused(checks)?;
    Ok(Password { text, made: false })
}

fn line() -> Result<String, CliFault> {
    let mut text = String::new();
    stdin().lock().read_line(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn typed() -> Result<String, CliFault> {
    let silence = Silence::begin()?;
    let first = prompt("Password (empty: one is made): ")?;
    let again = if first.is_empty() {
        String::new()
    } else {
        prompt("Once more: ")?
    };
    drop(silence);
    if first == again {
        Ok(first)
    } else {
        Err(CliFault::Other("the two are not the same".to_owned()))
    }
}

fn prompt(text: &str) -> Result<String, CliFault> {
    write!(stdout(), "{text}")?;
    stdout().flush()?;
    let answer = line()?;
    say("")?;
    Ok(answer)
}

/// While it lives, the terminal shows nothing that is typed.
struct Silence(Termios);

impl Silence {
    fn begin() -> std::io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(stdin(), SetArg::TCSAFLUSH, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that is gone.
        let _ = tcsetattr(stdin(), SetArg::TCSAFLUSH, &self.0);
    }
}
