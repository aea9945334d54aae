//! Tables that run over pages: the header is repeated on each, and sums are carried from one to the next.

use krilla::tagging::{TableHeaderScope, Tag};
use rust_decimal::Decimal;

use crate::DocumentFault;
use crate::face::{BODY, FAINT, Ink, LABEL, STRONG, Style};
use crate::figures::Figures;
use crate::paper::MARGIN;
use crate::sheet::{Align, NodeId, Owner, ROOT, Sheet};
use crate::wrap::{tidy, wrap};

/// The space between two columns.
const GAP: f32 = 10.0;
/// The space above and below the text of a row.
const PAD: f32 = 4.0;
const HEADER_HEIGHT: f32 = 16.0;
const SUM_HEIGHT: f32 = 19.0;
/// A text longer than this many lines of a cell is cut, so that a row always fits on a page.
const CELL_LINES: usize = 12;

/// A column: its title, its width with the gap to its right, and where its text stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) width: f32,
    pub(crate) align: Align,
}

impl Column {
    pub(crate) const fn left(title: &'static str, width: f32) -> Self {
        Self {
            title,
            width,
            align: Align::Left,
        }
    }

    pub(crate) const fn right(title: &'static str, width: f32) -> Self {
        Self {
            title,
            width,
            align: Align::Right,
        }
    }
}

/// A cell: paragraphs, one below the other.
pub(crate) struct Cell(Vec<(String, Style)>);

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(vec![(text.into(), BODY)])
    }

    /// Adds a paragraph, if there is one.
    pub(crate) fn then(mut self, text: Option<&str>, style: Style) -> Self {
        self.0.extend(
            text.filter(|text| !text.is_empty())
                .map(|text| (text.to_owned(), style)),
        );
        self
    }
}

/// A line that is ready to be drawn.
struct Set {
    text: String,
    style: Style,
}

/// A table being drawn.
pub(crate) struct Table {
    columns: Vec<Column>,
    body: NodeId,
    figures: Figures,
    /// Sums of the last columns, as many as are carried.
    sums: Vec<Decimal>,
}

impl Table {
    /// Starts a table at the cursor. `flexible` names the column that takes the width that the others leave; `carried` is
    /// the number of columns, counted from the right, whose sums are carried over.
    pub(crate) fn start(
        sheet: &mut Sheet<'_>,
        columns: &[Column],
        flexible: usize,
        carried: usize,
        figures: Figures,
    ) -> Self {
        let mut columns = columns.to_vec();
        let fixed: f32 = columns.iter().map(|column| column.width).sum();
        if let Some(column) = columns.get_mut(flexible) {
            column.width += sheet.paper.measure() - fixed;
        }
        let table = sheet.node(ROOT, Tag::Table);
        let head = sheet.node(table, Tag::THead);
        let row = sheet.node(head, Tag::TR);
        let body = sheet.node(table, Tag::TBody);
        let started = Self {
            columns,
            body,
            figures,
            sums: vec![Decimal::ZERO; carried],
        };
        started.header(sheet, Some(row));
        started
    }

    /// The height that a table's header, a plain row and its sum take.
    pub(crate) fn least() -> f32 {
        HEADER_HEIGHT + SUM_HEIGHT + 40.0
    }

    /// Left edge, inner width and alignment of each column.
    fn places(&self) -> Vec<(f32, f32, Align)> {
        let last = self.columns.len().saturating_sub(1);
        let mut x = MARGIN;
        let mut places = Vec::with_capacity(self.columns.len());
        for (place, column) in self.columns.iter().enumerate() {
            let inner = if place == last {
                column.width
            } else {
                column.width - GAP
            };
            places.push((x, inner, column.align));
            x += column.width;
        }
        places
    }

    fn header(&self, sheet: &mut Sheet<'_>, row: Option<NodeId>) {
        let baseline = sheet.y + LABEL.ascent();
        for (column, (x, width, align)) in self.columns.iter().zip(self.places()) {
            let owner = match row {
                Some(row) => Owner::Node(sheet.node(row, Tag::TH(TableHeaderScope::Column))),
                None => Owner::Decoration,
            };
            put(
                sheet,
                (x, baseline),
                width,
                align,
                LABEL,
                column.title.to_owned(),
                owner,
            );
        }
        sheet.y += HEADER_HEIGHT;
        sheet.rule(MARGIN, sheet.y - 1.0, sheet.paper.measure(), 0.8, Ink::Strong);
    }

    /// Draws a row; `adds` is what it adds to the carried sums.
    ///
    /// # Errors
    /// [`DocumentFault::OutOfRange`] if a sum grows beyond a decimal.
    pub(crate) fn row(
        &mut self,
        sheet: &mut Sheet<'_>,
        cells: Vec<Cell>,
        adds: &[Decimal],
    ) -> Result<(), DocumentFault> {
        let places = self.places();
        let set: Vec<Vec<Set>> = cells
            .into_iter()
            .zip(&places)
            .map(|(cell, (_, width, align))| lines(sheet, cell, *width, *align))
            .collect();
        let height = set.iter().map(|lines| tall(lines)).fold(0.0, f32::max) + 2.0 * PAD;
        if sheet.room() < height + SUM_HEIGHT {
            self.turn(sheet);
        }
        let row = sheet.node(self.body, Tag::TR);
        for (lines, (x, width, align)) in set.into_iter().zip(places) {
            let cell = sheet.node(row, Tag::TD);
            let mut y = sheet.y + PAD;
            for line in lines {
                let baseline = y + line.style.ascent();
                y += line.style.leading();
                put(
                    sheet,
                    (x, baseline),
                    width,
                    align,
                    line.style,
                    line.text,
                    Owner::Node(cell),
                );
            }
        }
        sheet.y += height;
        sheet.rule(MARGIN, sheet.y, sheet.paper.measure(), 0.4, Ink::Hairline);
        for (sum, add) in self.sums.iter_mut().zip(adds) {
            *sum = sum
                .checked_add(*add)
                .ok_or(DocumentFault::OutOfRange { what: "a table" })?;
        }
        Ok(())
    }

    /// Goes on to the next page, with the sums at the foot of this one and at the head of that one.
    fn turn(&self, sheet: &mut Sheet<'_>) {
        if !self.sums.is_empty() {
            self.carried(sheet, "Carried forward");
        }
        sheet.next_page();
        self.header(sheet, None);
        if !self.sums.is_empty() {
            self.carried(sheet, "Brought forward");
            sheet.rule(MARGIN, sheet.y, sheet.paper.measure(), 0.4, Ink::Hairline);
        }
    }

    fn carried(&self, sheet: &mut Sheet<'_>, label: &str) {
        self.sum_row(sheet, label, FAINT, FAINT, None);
    }

    /// Draws the sums of the table as its last row.
    pub(crate) fn total(&self, sheet: &mut Sheet<'_>, label: &str) {
        if sheet.room() < SUM_HEIGHT {
            self.turn(sheet);
        }
        sheet.rule(MARGIN, sheet.y, sheet.paper.measure(), 0.8, Ink::Strong);
        let row = sheet.node(self.body, Tag::TR);
        self.sum_row(sheet, label, STRONG, STRONG, Some(row));
    }

    fn sum_row(&self, sheet: &mut Sheet<'_>, label: &str, text: Style, figure: Style, row: Option<NodeId>) {
        let places = self.places();
        let labelled = places.len().saturating_sub(self.sums.len());
        let baseline = sheet.y + PAD + BODY.ascent();
        let owner = |sheet: &mut Sheet<'_>, span: usize| match row {
            Some(row) => {
                let span = u32::try_from(span).ok().and_then(std::num::NonZeroU32::new);
                Owner::Node(sheet.node(row, Tag::TD.with_col_span(span)))
            }
            None => Owner::Decoration,
        };
        let label_width: f32 = self.columns.iter().take(labelled).map(|column| column.width).sum();
        let label_owner = owner(sheet, labelled);
        let fitted = wrap(sheet.faces, &tidy(label), text, label_width - GAP, 1)
            .pop()
            .unwrap_or_default();
        sheet.line((MARGIN, baseline), text, fitted, label_owner);
        for (sum, (x, width, align)) in self.sums.iter().zip(places.into_iter().skip(labelled)) {
            let owner = owner(sheet, 1);
            put(
                sheet,
                (x, baseline),
                width,
                align,
                figure,
                self.figures.amount(*sum),
                owner,
            );
        }
        sheet.y += SUM_HEIGHT;
    }
}

fn put(sheet: &mut Sheet<'_>, at: (f32, f32), width: f32, align: Align, style: Style, text: String, owner: Owner) {
    let (x, baseline) = at;
    match align {
        Align::Left => sheet.line((x, baseline), style, text, owner),
        Align::Right => sheet.flush_right(x + width, baseline, width, style, &text, owner),
    }
}

/// The lines of a cell. Figures stay on one line; a cell without text shows a dash, so that each row has all its cells. A
/// line that is followed by another ends in a space: a screen reader runs them together.
fn lines(sheet: &Sheet<'_>, cell: Cell, width: f32, align: Align) -> Vec<Set> {
    let mut lines = vec![];
    for (text, style) in cell.0 {
        let text = tidy(&text);
        match align {
            Align::Right => lines.push(Set { text, style }),
            Align::Left => {
                let wrapped = wrap(sheet.faces, &text, style, width, CELL_LINES);
                lines.extend(wrapped.into_iter().map(|text| Set { text, style }));
            }
        }
    }
    lines.retain(|line| !line.text.is_empty());
    if lines.is_empty() {
        lines.push(Set {
            text: "\u{2013}".to_owned(),
            style: BODY,
        });
    }
    let last = lines.len() - 1;
    for line in lines.iter_mut().take(last).filter(|line| !line.text.ends_with(' ')) {
        line.text.push(' ');
    }
    lines
}

fn tall(lines: &[Set]) -> f32 {
    lines.iter().map(|line| line.style.leading()).sum()
}
