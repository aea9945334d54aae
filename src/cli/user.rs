//! `guildhall user`

mod password;

use guildhall_spine::{
    App,
    db::Tx,
    event::Origin,
    http::Checks,
    identity::{NewUser, activate_user, create_user, list_users, lock_user, set_operator, set_password, suspend_user},
};

use super::{CliFault, Place, say};

/// What to do with users.
#[derive(Debug, clap::Subcommand)]
pub(super) enum UserCommand {
    /// Make an account whose address counts as confirmed; asks for its password
    Create {
        /// The address
        #[arg(long)]
        email: String,
        /// The person's name
        #[arg(long)]
        name: String,
        /// Let the user run the platform
        #[arg(long)]
        operator: bool,
    },
    /// Show every account
    List,
    /// End a user's sessions and let nobody log in to the account
    Suspend {
        /// The address
        email: String,
    },
    /// Undo a suspension
    Activate {
        /// The address
        email: String,
    },
    /// Set another password and end the user's sessions; asks for the password
    ResetPassword {
        /// The address
        email: String,
    },
    /// Let a user run the platform
    MakeOperator {
        /// The address
        email: String,
        /// Take it back instead
        #[arg(long)]
        revoke: bool,
    },
}

/// Accounts read at once.
const PAGE: i64 = 500;

pub(super) async fn run(place: &Place, command: UserCommand) -> Result<(), CliFault> {
    let connected = place.connect().await?;
    let app = &connected.app;
    let done = match command {
        UserCommand::Create { email, name, operator } => create(app, &canonical(&email), name.trim(), operator).await,
        UserCommand::List => list(app).await,
        UserCommand::ResetPassword { email } => reset(app, &canonical(&email)).await,
        UserCommand::Suspend { email } => change(app, &canonical(&email), Change::Suspend).await,
        UserCommand::Activate { email } => change(app, &canonical(&email), Change::Activate).await,
        UserCommand::MakeOperator { email, revoke } => change(app, &canonical(&email), Change::Operator(!revoke)).await,
    };
    connected.close().await?;
    done
}

fn canonical(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The audit log says by which command something was done.
fn origin(command: &str) -> Origin {
    Origin {
        request_id: Some(format!("guildhall user {command}")),
        ..Origin::default()
    }
}

async fn create(app: &App, email: &str, name: &str, operator: bool) -> Result<(), CliFault> {
    let mut checks = Checks::default();
    checks.email("--email", email);
    checks.text("--name", name, 1, 200, false);
    refused(checks)?;
    let password = password::ask(app, email)?;
    let hash = app.passwords.hash(password.text.clone()).await?;
    let mut tx = app.db.begin().await?;
    let user = NewUser {
        email,
        name,
        password_hash: &hash,
        operator,
    };
    let id = create_user(&mut tx, &origin("create"), &user).await?;
    tx.commit().await?;
    say(format_args!("{id} {email}"))?;
    password.tell()
}

async fn reset(app: &App, email: &str) -> Result<(), CliFault> {
    exists(app, email).await?;
    let password = password::ask(app, email)?;
    let hash = app.passwords.hash(password.text.clone()).await?;
    let mut tx = app.db.begin().await?;
    let user = lock_user(&mut tx, email).await?;
    let ended = set_password(&mut tx, &origin("reset-password"), user.id, &hash).await?;
    tx.commit().await?;
    say(format_args!(
        "{} {email}: the password is another one, and {} sessions ended",
        user.id,
        ended.len()
    ))?;
    password.tell()
}

/// Before a password is asked for in vain.
async fn exists(app: &App, email: &str) -> Result<(), CliFault> {
    let mut tx = app.db.begin().await?;
    lock_user(&mut tx, email).await?;
    Ok(tx.rollback().await?)
}

#[derive(Clone, Copy)]
enum Change {
    Suspend,
    Activate,
    Operator(bool),
}

async fn change(app: &App, email: &str, change: Change) -> Result<(), CliFault> {
    let mut tx = app.db.begin().await?;
    let user = lock_user(&mut tx, email).await?.id;
    let said = carry_out(&mut tx, user, change).await?;
    tx.commit().await?;
    say(format_args!("{user} {email}: {said}"))
}

async fn carry_out(tx: &mut Tx, user: guildhall_kernel::UserId, change: Change) -> Result<String, CliFault> {
    Ok(match change {
        Change::Suspend => {
            let ended = suspend_user(tx, &origin("suspend"), user).await?;
            format!("suspended, and {} sessions ended", ended.len())
        }
        Change::Activate => {
            activate_user(tx, &origin("activate"), user).await?;
            "active".to_owned()
        }
        Change::Operator(operator) => {
            set_operator(tx, &origin("make-operator"), user, operator).await?;
            if operator {
                "runs the platform"
            } else {
                "no longer runs the platform"
            }
            .to_owned()
        }
    })
}

async fn list(app: &App) -> Result<(), CliFault> {
    let mut after = String::new();
    loop {
        let page = list_users(app.db.pool(), &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.email);
        for user in page {
            let operator = if user.operator { "operator" } else { "" };
            say(format_args!(
                "{} {:<9} {:<8} {}  {}",
                user.id, user.status, operator, user.email, user.name
            ))?;
        }
    }
}

fn refused(checks: Checks) -> Result<(), CliFault> {
    let faults: Vec<String> = checks
        .faults()
        .iter()
        .map(|fault| format!("{} {}", fault.pointer, fault.message))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(CliFault::Other(faults.join("\n")))
    }
}
