//! Words that very many names have.

use sqlx::PgPool;

/// Rows from which on a word is passed over: reading those of one key takes a tenth of a millisecond.
const MANY: f32 = 500.0;

/// Notes the words that very many live registrations, or open direct accounts, have in their names, from what ANALYZE
/// has found. A search reads an index's whole list of such a word before it knows that it is too long to be of use:
/// 30 ms for a fifth of a million registrations.
///
/// # Errors
/// When the database fails.
pub async fn note_frequent_words(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH found AS (
             SELECT s.tablename = 'direct_account' AS of_accounts, e.key
             FROM pg_stats s JOIN pg_class c ON c.relname = s.tablename AND c.relnamespace = s.schemaname::regnamespace,
                  LATERAL unnest(s.most_common_elems::text::bigint[], s.most_common_elem_freqs) e (key, share)
             WHERE s.schemaname = 'public'
               AND (s.tablename, s.attname) IN (('deal', 'customer_keys'), ('direct_account', 'name_keys'))
               AND e.key IS NOT NULL AND e.share * c.reltuples >= $1
         ), gone AS (
             DELETE FROM frequent_name_key k
             WHERE NOT EXISTS (SELECT FROM found f WHERE f.of_accounts = k.of_accounts AND f.key = k.key)
         )
         INSERT INTO frequent_name_key (of_accounts, key) SELECT of_accounts, key FROM found ON CONFLICT DO NOTHING",
        MANY
    )
    .execute(pool)
    .await?;
    Ok(())
}
