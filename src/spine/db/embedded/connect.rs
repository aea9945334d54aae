//! Connecting to the cluster, and making its database.

use std::{path::Path, time::Duration};

use sqlx::{
    Connection, Executor, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::{error::EmbeddedError, initialise::ROLE, launch::Plan};

/// How long one connection may take to be made.
const PATIENCE: Duration = Duration::from_secs(5);

/// How to reach the database over the socket in `sockets`.
pub(super) fn options(sockets: &Path, password: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(sockets)
        .port(5432)
        .username(ROLE)
        .password(password)
        .database(ROLE)
        .ssl_mode(PgSslMode::Disable)
}

/// Connects once, making the database where it is missing. False when it is too early, and worth another try.
pub(super) async fn try_database(plan: &Plan) -> Result<bool, EmbeddedError> {
    let attempt = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&plan.options)).await;
    let Ok(attempt) = attempt else { return Ok(false) };
    match attempt {
        Ok(connection) => {
            // Readiness is proven; how the connection ends does not matter.
            let _ = connection.close().await;
            Ok(true)
        }
        Err(error) => match code(&error).as_deref() {
            Some("3D000") => make_database(plan).await,
            // invalid_password; invalid_authorization_specification
            Some("28P01" | "28000") => Err(EmbeddedError::Password {
                path: plan.password_file.clone(),
                cluster: plan.cluster.clone(),
            }),
            // cannot_connect_now; too_many_connections
            Some("57P03" | "53300") => Ok(false),
            None if matches!(error, sqlx::Error::Io(_)) => Ok(false),
            _ => Err(EmbeddedError::Connect(error)),
        },
    }
}

async fn make_database(plan: &Plan) -> Result<bool, EmbeddedError> {
    let options = plan.options.clone().database("postgres");
    let mut connection = PgConnection::connect_with(&options)
        .await
        .map_err(EmbeddedError::Connect)?;
    let made = connection.execute("CREATE DATABASE guildhall").await;
    let _ = connection.close().await;
    match made {
        Err(error) if code(&error).as_deref() != Some("42P04") => Err(EmbeddedError::Connect(error)),
        _ => Ok(true),
    }
}

/// The SQLSTATE of a failure that PostgreSQL reported.
fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(|code| code.into_owned())
}
