//! Working through an import.

use std::{collections::HashSet, pin::pin};

use futures_util::StreamExt;
use guildhall_spine::{App, db::Tx, event, http::Problem};
use tokio::sync::mpsc;

use super::{
    Import, Mode, Status,
    events::{ImportFacts, ImportFinished, ImportProgressed},
    kind::{self, ApplyFault, Cells, Fault, Job, Ready, RowKind},
    rows,
    stage::{self, Step},
    table::{self, RawRow, Wanted},
};

/// Rows of one transaction: it holds readers of the event log back for as long as it is open.
const CHUNK: usize = 1000;
/// Rows of one statement, when a whole file is stored in one transaction.
const AT_ONCE: i64 = 5000;
/// How often a chunk is looked at again when somebody else was faster.
const AGAIN: usize = 3;

/// How working ended.
pub(super) enum End {
    /// There is nothing more to do.
    Over,
    /// It is another's by now, or was stopped.
    Lost,
}

/// Works through an import from its checkpoint on.
///
/// # Errors
/// When something is broken: the import goes on from its checkpoint later.
pub(super) async fn run(app: &App, mut job: Job) -> Result<End, Problem> {
    let Some(kind) = kind::find(&job.kind, job.org_kind) else {
        return finish(app, &job, Status::Failed, Some("there are no such rows any more")).await;
    };
    let mut chunks = match read(app, &job, kind).await {
        Ok(chunks) => chunks,
        Err(problem) => return Err(problem),
    };
    while let Some(chunk) = chunks.recv().await {
        let rows = match chunk {
            Ok(rows) => rows,
            Err(fault) => {
                tracing::warn!(import = %job.id, fault, "an import's file can't be read");
                return Err(Problem::internal(fault));
            }
        };
        if !step(app, &mut job, kind, rows).await? {
            return Ok(End::Lost);
        }
    }
    conclude(app, &mut job, kind).await
}

/// Begins to read the file, from the row after the checkpoint.
async fn read(
    app: &App,
    job: &Job,
    kind: &dyn RowKind,
) -> Result<mpsc::Receiver<Result<Vec<RawRow>, String>>, Problem> {
    let columns = &job.header.columns;
    let place = |field: &str| {
        let column = job.mapping.get(field)?;
        columns.iter().position(|name| name == column)
    };
    let free = job.free();
    let names = kind.fields(job.org_kind).iter().map(|field| field.name);
    let names = names.chain(free.iter().map(String::as_str));
    let wanted = Wanted {
        header: job.header.clone(),
        places: names.map(place).collect(),
        skip: u64::try_from(job.rows_read).unwrap_or(0),
        chunk: CHUNK,
    };
    let bytes = app.files.get(job.file).await?;
    let (send_part, parts) = mpsc::channel(4);
    let (send, chunks) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut bytes = pin!(bytes);
        while let Some(part) = bytes.next().await {
            if send_part.send(part).await.is_err() {
                return;
            }
        }
    });
    tokio::task::spawn_blocking(move || table::read(parts, &wanted, &send));
    Ok(chunks)
}

/// Deals with the rows of one chunk, in one transaction with the checkpoint. Returns whether the import is still this
/// node's.
async fn step(app: &App, job: &mut Job, kind: &dyn RowKind, raw: Vec<RawRow>) -> Result<bool, Problem> {
    for _ in 0..AGAIN {
        let mut tx = app.db.begin().await?;
        if stage::hold(&mut tx, job).await? != Some(Status::Running) {
            return Ok(false);
        }
        let (good, faults) = sort(&mut tx, job, kind, &raw).await?;
        let applied = if job.dry_run || job.mode == Mode::AllOrNothing {
            stage::keep(&mut tx, job, &good).await?;
            0
        } else {
            match kind.apply(app, &mut tx, job, &good).await {
                Ok(()) => good.len(),
                Err(ApplyFault::Overtaken(_)) => continue,
                Err(ApplyFault::Problem(problem)) => return Err(problem),
            }
        };
        stage::report(&mut tx, job, &faults).await?;
        let bad: HashSet<i64> = faults.iter().map(|fault| fault.no).collect();
        let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        let step = Step {
            read: count(raw.len()),
            bad: count(bad.len()),
            applied: count(applied),
        };
        if stage::advance(&mut tx, job, &step).await? {
            let import = rows::get(&mut tx, job.org, job.id)
                .await?
                .ok_or_else(Problem::not_found)?;
            let progressed = ImportProgressed(ImportFacts::new(job.org, &import));
            event::append(&mut tx, &job.origin, job.id, &[job.org.uuid()], &progressed).await?;
        }
        tx.commit().await?;
        return Ok(true);
    }
    Err(Problem::internal("rows of an import were overtaken again and again"))
}

/// Tells good rows from bad ones.
async fn sort(tx: &mut Tx, job: &Job, kind: &dyn RowKind, raw: &[RawRow]) -> Result<(Vec<Ready>, Vec<Fault>), Problem> {
    let (mut ready, mut faults) = (Vec::with_capacity(raw.len()), Vec::new());
    let free = job.free();
    for row in raw {
        match parse(job, kind, &free, row, tx.now()) {
            Ok(row) => ready.push(row),
            Err(more) => faults.extend(more),
        }
    }
    let (ready, more) = kind.check(tx, job, ready).await?;
    faults.extend(more);
    let (ready, more) = stage::repeated(tx, job, ready).await?;
    faults.extend(more);
    faults.sort_by_key(|fault| fault.no);
    Ok((ready, faults))
}

fn parse(
    job: &Job,
    kind: &dyn RowKind,
    free: &[String],
    row: &RawRow,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Ready, Vec<Fault>> {
    if let Some((place, code, message)) = &row.fault {
        let column = place.and_then(|place| job.header.columns.get(place));
        return Err(vec![Fault {
            no: row.no,
            field: column.cloned(),
            code: (*code).to_owned(),
            message: message.clone(),
        }]);
    }
    let cells = Cells {
        fields: kind.fields(job.org_kind),
        free,
        cells: &row.cells,
    };
    let missing: Vec<Fault> = cells
        .fields
        .iter()
        .filter(|field| field.required && cells.get(field.name).is_none())
        .map(|field| Fault {
            no: row.no,
            field: Some(field.name.to_owned()),
            code: "missing".to_owned(),
            message: "is needed".to_owned(),
        })
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let read = kind.parse(job, &cells, now);
    let (data, claim) =
        read.map_err(|errors| errors.iter().map(|error| Fault::of(row.no, error)).collect::<Vec<_>>())?;
    Ok(Ready {
        no: row.no,
        data,
        claim,
    })
}

/// All rows were looked at: stores those that wait for each other, and ends the import.
async fn conclude(app: &App, job: &mut Job, kind: &dyn RowKind) -> Result<End, Problem> {
    if job.dry_run || job.mode == Mode::PerRow {
        return finish(app, job, Status::Finished, None).await;
    }
    let mut tx = app.db.begin().await?;
    if stage::hold(&mut tx, job).await?.is_none() {
        return Ok(End::Lost);
    }
    let import = rows::get(&mut tx, job.org, job.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    if import.rows_bad > 0 {
        drop(tx);
        return finish(app, job, Status::Refused, None).await;
    }
    sqlx::query!(
        "UPDATE bulk_import SET status = 'applying', version = version + 1 WHERE id = $1",
        job.id.uuid()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    apply_all(app, job, kind).await
}

/// Stores the whole file in one transaction.
async fn apply_all(app: &App, job: &mut Job, kind: &dyn RowKind) -> Result<End, Problem> {
    let mut tx = app.db.begin().await?;
    if stage::hold(&mut tx, job).await?.is_none() {
        return Ok(End::Lost);
    }
    let (mut after, mut applied) = (0, 0);
    loop {
        let kept = stage::kept(&mut tx, job, after, AT_ONCE).await?;
        let Some(last) = kept.last() else { break };
        after = last.no;
        match kind.apply(app, &mut tx, job, &kept).await {
            Ok(()) => applied += i64::try_from(kept.len()).unwrap_or(0),
            Err(ApplyFault::Overtaken(why)) => {
                tx.rollback().await?;
                return finish(app, job, Status::Refused, Some(why)).await;
            }
            Err(ApplyFault::Problem(problem)) => return Err(problem),
        }
    }
    sqlx::query!(
        "UPDATE bulk_import SET rows_applied = $2 WHERE id = $1",
        job.id.uuid(),
        applied
    )
    .execute(&mut *tx)
    .await?;
    let import = rows::end(&mut tx, job.org, job.id, Status::Finished, None).await?;
    announce(&mut tx, job, &import).await?;
    tx.commit().await?;
    Ok(End::Over)
}

/// Ends an import, if it is still this node's.
pub(super) async fn finish(app: &App, job: &Job, status: Status, fault: Option<&str>) -> Result<End, Problem> {
    let mut tx = app.db.begin().await?;
    if stage::hold(&mut tx, job).await?.is_none() {
        return Ok(End::Lost);
    }
    let import = rows::end(&mut tx, job.org, job.id, status, fault).await?;
    announce(&mut tx, job, &import).await?;
    tx.commit().await?;
    Ok(End::Over)
}

async fn announce(tx: &mut Tx, job: &Job, import: &Import) -> Result<(), Problem> {
    let finished = ImportFinished(ImportFacts::new(job.org, import));
    event::append(tx, &job.origin, job.id, &[job.org.uuid()], &finished).await?;
    Ok(())
}
