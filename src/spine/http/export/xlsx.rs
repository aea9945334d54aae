//! Office Open XML. A workbook is a ZIP archive whose parts are known when it is whole, so it is written to a
//! temporary file, row by row in constant memory, and streamed from there.

use std::{fs::File, io::Read};

use bytes::Bytes;
use chrono::SecondsFormat;
use futures_util::{StreamExt, stream};
use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};
use tempfile::tempfile;
use tokio::{
    sync::mpsc::{Receiver, channel},
    task::spawn_blocking,
};

use super::{Begun, Bytestream, Cell, Heading, Row, Source, broken};
use crate::http::Problem;

/// Rows of a sheet (the format's limit is 2^20); more go on in another.
const MOST_ROWS: u32 = 1_048_576;
const CHUNK: usize = 64 * 1024;
/// The digits that a spreadsheet's numbers keep; a longer one goes as a text.
const MOST_DIGITS: usize = 15;

enum Place<S> {
    Begin(Heading, Begun<S>),
    File(File),
    End,
}

pub(super) fn stream<S: Source>(heading: Heading, begun: Begun<S>) -> Bytestream {
    stream::unfold(Place::Begin(heading, begun), |place| async move {
        let file = match place {
            Place::Begin(heading, begun) => match workbook(heading, begun).await {
                Ok(file) => file,
                Err(problem) => return Some((Err(broken(&problem)), Place::End)),
            },
            Place::File(file) => file,
            Place::End => return None,
        };
        match spawn_blocking(move || chunk(file)).await {
            Ok(Ok((bytes, _))) if bytes.is_empty() => None,
            Ok(Ok((bytes, file))) => Some((Ok(bytes), Place::File(file))),
            Ok(Err(error)) => Some((Err(broken(&Problem::internal(error))), Place::End)),
            Err(error) => Some((Err(broken(&Problem::internal(error))), Place::End)),
        }
    })
    .boxed()
}

fn chunk(mut file: File) -> Result<(Bytes, File), std::io::Error> {
    let mut bytes = Vec::with_capacity(CHUNK);
    let most = u64::try_from(CHUNK).unwrap_or(u64::MAX);
    file.by_ref().take(most).read_to_end(&mut bytes)?;
    Ok((bytes.into(), file))
}

/// The whole file, at its beginning. Dropped on the way, the writer's rows end and it gives up.
async fn workbook<S: Source>(heading: Heading, mut begun: Begun<S>) -> Result<File, Problem> {
    let (sender, receiver) = channel::<Option<Vec<Row>>>(2);
    let writer = spawn_blocking(move || write(&heading, receiver));
    loop {
        let rows = begun.next().await?;
        let last = rows.is_empty();
        // A writer that is gone says why below.
        if sender.send((!last).then_some(rows)).await.is_err() || last {
            break;
        }
    }
    let file = writer.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    file.ok_or_else(|| Problem::internal("a workbook was given up"))
}

/// Writes rows until `None` comes; `Ok(None)` when the sender went away before.
fn write(heading: &Heading, mut pages: Receiver<Option<Vec<Row>>>) -> Result<Option<File>, XlsxError> {
    let mut workbook = Workbook::new();
    let mut at = 0;
    let mut page = workbook.add_worksheet_with_constant_memory()?;
    page.set_name(&heading.name)?;
    head(page, heading)?;
    loop {
        let Some(rows) = pages.blocking_recv() else {
            return Ok(None);
        };
        let Some(rows) = rows else { break };
        for row in rows {
            at += 1;
            if at == MOST_ROWS {
                page = workbook.add_worksheet_with_constant_memory()?;
                head(page, heading)?;
                at = 1;
            }
            line(page, at, &row)?;
        }
    }
    let mut file = tempfile()?;
    workbook.save_to_writer(&mut file)?;
    std::io::Seek::rewind(&mut file)?;
    Ok(Some(file))
}

fn head(page: &mut Worksheet, heading: &Heading) -> Result<(), XlsxError> {
    for (place, column) in (0..).zip(&heading.columns) {
        page.write_string(0, place, column)?;
    }
    Ok(())
}

fn line(page: &mut Worksheet, at: u32, row: &Row) -> Result<(), XlsxError> {
    for (place, cell) in (0..).zip(row) {
        match cell {
            Cell::Empty => {}
            Cell::Text(text) => {
                page.write_string(at, place, text)?;
            }
            Cell::Number(number) => {
                let text = number.to_string();
                match number.to_f64().filter(|_| text.len() <= MOST_DIGITS) {
                    Some(number) => page.write_number(at, place, number)?,
                    None => page.write_string(at, place, text)?,
                };
            }
            Cell::Date(day) => {
                page.write_string(at, place, day.to_string())?;
            }
            Cell::Time(time) => {
                page.write_string(at, place, time.to_rfc3339_opts(SecondsFormat::Millis, true))?;
            }
        }
    }
    Ok(())
}
