//! What rows can be.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use guildhall_kernel::{FileId, ImportId, OrgId, UserId};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    db::Tx,
    event::Origin,
    http::{FieldError, Problem},
};
use serde_json::Value;

use super::{Mode, deals::Deals, leads::Leads, partners::Partners, products::Products, sales::Sales, table::Header};

/// Every kind of rows.
pub(super) const KINDS: &[&dyn RowKind] = &[&Partners, &Deals, &Products, &Leads, &Sales];

/// A field of a row.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
}

impl Field {
    pub(super) const fn needed(name: &'static str) -> Self {
        Self { name, required: true }
    }

    pub(super) const fn may(name: &'static str) -> Self {
        Self { name, required: false }
    }
}

/// What the names of free fields begin with.
pub(super) const FREE: &str = "fields.";

/// A field that an organisation has by its own settings.
pub(super) struct FreeField {
    /// With [`FREE`] before it.
    pub(super) name: String,
    /// It takes a file, which no cell can hold.
    pub(super) file: bool,
}

/// The cells of a row, by field.
pub(super) struct Cells<'a> {
    pub(super) fields: &'static [Field],
    /// The names of the free fields that are read; their cells follow those of the others.
    pub(super) free: &'a [String],
    pub(super) cells: &'a [Option<String>],
}

impl Cells<'_> {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut named = self.fields.iter().zip(self.cells);
        named.find(|(field, _)| field.name == name)?.1.as_deref()
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// The free fields that have something in their cells, without what their names begin with.
    pub(super) fn free(&self) -> BTreeMap<String, String> {
        let cells = self.cells.iter().skip(self.fields.len());
        let named = self.free.iter().zip(cells);
        let key = |name: &String| name.strip_prefix(FREE).unwrap_or(name).to_owned();
        named
            .filter_map(|(name, cell)| Some((key(name), cell.clone()?)))
            .collect()
    }
}

/// What a row takes for itself: no other row of its file may, unless both have the same holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) key: String,
    pub(super) holder: String,
}

/// A row that was found good so far.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) no: i64,
    pub(super) data: Value,
    pub(super) claim: Option<Claim>,
}

/// What is wrong with a row.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) no: i64,
    /// The field, or nothing for the whole row.
    pub(super) field: Option<String>,
    pub(super) code: String,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn of(no: i64, error: &FieldError) -> Self {
        Self {
            no,
            field: Some(error.pointer.trim_start_matches('/').to_owned()),
            code: error.code.to_owned(),
            message: error.message.clone(),
        }
    }
}

/// An import that this node works on.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) id: ImportId,
    pub(super) org: OrgId,
    pub(super) org_kind: OrgKind,
    pub(super) org_name: String,
    pub(super) kind: String,
    pub(super) mode: Mode,
    pub(super) dry_run: bool,
    pub(super) invite: bool,
    pub(super) file: FileId,
    pub(super) header: Header,
    pub(super) mapping: BTreeMap<String, String>,
    pub(super) rows_read: i64,
    pub(super) origin: Origin,
    pub(super) by: Option<UserId>,
    pub(super) leased_until: DateTime<Utc>,
}

impl Job {
    /// The names of the free fields that are read.
    pub(super) fn free(&self) -> Vec<String> {
        let names = self.mapping.keys().filter(|name| name.starts_with(FREE));
        names.cloned().collect()
    }
}

/// Why good rows could not be stored.
#[derive(Debug)]
pub(super) enum ApplyFault {
    /// Somebody else was faster: looked at again, some of the rows are bad.
    Overtaken(&'static str),
    /// Something is broken.
    Problem(Problem),
}

impl From<Problem> for ApplyFault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// A kind of rows. All of it works on many rows at once: a statement for each would take minutes.
#[async_trait]
pub(super) trait RowKind: Send + Sync {
    /// Its name on the wire.
    fn name(&self) -> &'static str;

    /// What an organisation of this kind's member needs besides, to import such rows; `None` when they are not for it.
    fn permission(&self, org: OrgKind) -> Option<Permission>;

    /// The fields that a row has.
    fn fields(&self, org: OrgKind) -> &'static [Field];

    /// The fields besides, of an organisation whose settings make some.
    async fn free(&self, _: &mut Tx, _: OrgId, _: OrgKind) -> Result<Vec<FreeField>, Problem> {
        Ok(Vec::new())
    }

    /// Whether a row that comes a second time makes a second record.
    fn doubles(&self) -> bool {
        false
    }

    /// Reads a row in which nothing required is missing. Errors name the field as a pointer.
    fn parse(
        &self,
        job: &Job,
        cells: &Cells<'_>,
        now: DateTime<Utc>,
    ) -> Result<(Value, Option<Claim>), Vec<FieldError>>;

    /// Looks rows up in the database: those that remain good, and the faults of the others.
    async fn check(&self, tx: &mut Tx, job: &Job, rows: Vec<Ready>) -> Result<(Vec<Ready>, Vec<Fault>), Problem>;

    /// Stores rows that were found good, with their events, as part of `tx`.
    async fn apply(&self, app: &App, tx: &mut Tx, job: &Job, rows: &[Ready]) -> Result<(), ApplyFault>;
}

/// The kind that a name means, if it is for an organisation of this kind.
pub(super) fn find(name: &str, org: OrgKind) -> Option<&'static dyn RowKind> {
    let found = KINDS.iter().copied().find(|kind| kind.name() == name);
    found.filter(|kind| kind.permission(org).is_some())
}

/// The names of the kinds that there are for an organisation of this kind.
pub(super) fn names(org: OrgKind) -> Vec<&'static str> {
    let kinds = KINDS.iter().filter(|kind| kind.permission(org).is_some());
    kinds.map(|kind| kind.name()).collect()
}
