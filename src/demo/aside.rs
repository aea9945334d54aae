//! Indexes and constraints that are cheaper to build over a million rows than to keep up row by row.

use sqlx::{AssertSqlSafe, PgConnection};

/// The tables that are loaded in bulk.
const TABLES: [&str; 4] = ["deal", "deal_line", "deal_contact", "deal_conflict"];

/// What has been set aside: statements, from the database's own catalogue, that make it again. The transaction that
/// set it aside must put it back or roll back.
#[derive(Debug)]
#[must_use]
pub(super) struct Aside {
    restore: Vec<String>,
}

impl Aside {
    /// Drops the bulk tables' indexes, their exclusion and uniqueness constraints, and the foreign keys from and to
    /// them; primary keys and checks stay. Leaves the tables truncated, so that rows can be copied in frozen.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn set(db: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let tables = TABLES.map(str::to_owned);
        // Foreign keys go first and come back last: they lean on the others' indexes.
        let constraints = sqlx::query!(
            r#"SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS "drop!",
                      format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
                             pg_get_constraintdef(oid)) AS "restore!"
               FROM pg_constraint
               WHERE contype IN ('f', 'u', 'x') AND conparentid = 0
                 AND (conrelid = ANY($1::text[]::regclass[]) OR confrelid = ANY($1::text[]::regclass[]))
               ORDER BY contype = 'f' DESC, conrelid::regclass::text, conname"#,
            &tables,
        )
        .fetch_all(&mut *db)
        .await?;
        let mut restore = Vec::new();
        for constraint in constraints {
            sqlx::raw_sql(AssertSqlSafe(constraint.drop)).execute(&mut *db).await?;
            restore.push(constraint.restore);
        }
        let indexes = sqlx::query!(
            r#"SELECT format('DROP INDEX %s', indexrelid::regclass) AS "drop!",
                      pg_get_indexdef(indexrelid) AS "restore!"
               FROM pg_index
               WHERE indrelid = ANY($1::text[]::regclass[])
                 AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
               ORDER BY indexrelid::regclass::text"#,
            &tables,
        )
        .fetch_all(&mut *db)
        .await?;
        for index in indexes {
            sqlx::raw_sql(AssertSqlSafe(index.drop)).execute(&mut *db).await?;
            restore.push(index.restore);
        }
        restore.reverse();
        sqlx::query!("TRUNCATE deal, deal_line, deal_contact, deal_conflict")
            .execute(&mut *db)
            .await?;
        Ok(Self { restore })
    }

    /// Makes everything again; rows that break a constraint are refused here.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn restore(self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        for statement in self.restore {
            let start = std::time::Instant::now();
            sqlx::raw_sql(AssertSqlSafe(statement.clone()))
                .execute(&mut *db)
                .await?;
            tracing::debug!(statement, seconds = start.elapsed().as_secs_f32(), "built");
        }
        Ok(())
    }
}
