//! The pages while they are being laid out: what stands where, and what it means to a screen reader.
//!
//! Lengths are in points; `y` runs down from the top edge. A mark belongs to a node of the structure tree, or is
//! decoration (a PDF artifact) that a reader skips.

use std::num::NonZeroU16;

use krilla::tagging::{Tag, TagKind};

use crate::face::{FAINT, Faces, HEADING, Ink, Style};
use crate::paper::{BOTTOM, MARGIN, Paper, TOP};
use crate::wrap::{tidy, wrap};

/// A node of the structure tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(usize);

impl NodeId {
    pub(crate) fn of(self, nodes: &[Node]) -> Option<&Node> {
        nodes.get(self.0)
    }
}

/// The document itself.
pub(crate) const ROOT: NodeId = NodeId(0);

/// To whom a mark belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner {
    Node(NodeId),
    Decoration,
}

/// Where a text stands against its `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// What is drawn on a page.
pub(crate) enum Op {
    Text {
        x: f32,
        baseline: f32,
        style: Style,
        text: String,
        /// The number of the mark, or none for decoration.
        mark: Option<usize>,
    },
    Rule {
        x: f32,
        y: f32,
        width: f32,
        thickness: f32,
        ink: Ink,
    },
}

pub(crate) enum Child {
    Node(NodeId),
    Mark(usize),
}

pub(crate) struct Node {
    pub(crate) tag: TagKind,
    pub(crate) children: Vec<Child>,
}

/// A heading that the outline leads to.
pub(crate) struct Bookmark {
    pub(crate) title: String,
    pub(crate) page: usize,
    pub(crate) y: f32,
}

/// A document being laid out.
pub(crate) struct Sheet<'a> {
    pub(crate) faces: &'a Faces,
    pub(crate) paper: Paper,
    pub(crate) pages: Vec<Vec<Op>>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) marks: usize,
    pub(crate) bookmarks: Vec<Bookmark>,
    /// What the head of each page after the first and the foot of every page say.
    pub(crate) running: String,
    /// The next free line on the last page.
    pub(crate) y: f32,
}

const BETWEEN_SECTIONS: f32 = 22.0;

impl<'a> Sheet<'a> {
    pub(crate) fn new(faces: &'a Faces, paper: Paper, running: &str) -> Self {
        let mut lines = wrap(faces, &tidy(running), FAINT, paper.measure() * 0.8, 1);
        Self {
            faces,
            paper,
            pages: vec![vec![]],
            nodes: vec![Node {
                tag: Tag::Part.into(),
                children: vec![],
            }],
            marks: 0,
            bookmarks: vec![],
            running: lines.pop().unwrap_or_default(),
            y: TOP,
        }
    }

    /// A new node, last among the children of its parent.
    pub(crate) fn node(&mut self, parent: NodeId, tag: impl Into<TagKind>) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node {
            tag: tag.into(),
            children: vec![],
        });
        self.adopt(parent, Child::Node(id));
        id
    }

    pub(crate) fn paragraph_node(&mut self, parent: NodeId) -> NodeId {
        self.node(parent, Tag::P)
    }

    fn adopt(&mut self, parent: NodeId, child: Child) {
        if let Some(node) = self.nodes.get_mut(parent.0) {
            node.children.push(child);
        }
    }

    fn put(&mut self, op: Op) {
        if let Some(page) = self.pages.last_mut() {
            page.push(op);
        }
    }

    /// Draws one line of tidy text as it is.
    pub(crate) fn line(&mut self, at: (f32, f32), style: Style, text: String, owner: Owner) {
        if text.is_empty() {
            return;
        }
        let mark = match owner {
            Owner::Decoration => None,
            Owner::Node(node) => {
                self.adopt(node, Child::Mark(self.marks));
                self.marks += 1;
                Some(self.marks - 1)
            }
        };
        let (x, baseline) = at;
        self.put(Op::Text {
            x,
            baseline,
            style,
            text,
            mark,
        });
    }

    /// Draws one line that ends at `right`, made smaller if it is wider than `width`.
    pub(crate) fn flush_right(
        &mut self,
        right: f32,
        baseline: f32,
        width: f32,
        style: Style,
        text: &str,
        owner: Owner,
    ) {
        let text = tidy(text);
        let wide = self.faces.width(&text, style);
        let style = if wide > width {
            Style {
                size: style.size * width / wide,
                ..style
            }
        } else {
            style
        };
        let x = right - self.faces.width(&text, style);
        self.line((x, baseline), style, text, owner);
    }

    /// Draws text wrapped to a width, at most `limit` lines of it, and gives its height. Doesn't move the cursor.
    pub(crate) fn block(
        &mut self,
        at: (f32, f32),
        width: f32,
        style: Style,
        text: &str,
        limit: usize,
        owner: Owner,
    ) -> f32 {
        let (x, top) = at;
        let mut y = top;
        for line in wrap(self.faces, &tidy(text), style, width, limit) {
            self.line((x, y + style.ascent()), style, line, owner);
            y += style.leading();
        }
        y - top
    }

    /// Draws a paragraph at the cursor across the page, line by line over as many pages as it takes.
    pub(crate) fn paragraph(&mut self, style: Style, text: &str) {
        let node = self.paragraph_node(ROOT);
        for line in wrap(self.faces, &tidy(text), style, self.paper.measure(), usize::MAX) {
            self.need(style.leading());
            self.line((MARGIN, self.y + style.ascent()), style, line, Owner::Node(node));
            self.y += style.leading();
        }
    }

    /// Draws the heading of a section, with `room` left for what it heads, and puts it into the outline.
    pub(crate) fn heading(&mut self, text: &str, room: f32) {
        if self.y > TOP {
            self.y += BETWEEN_SECTIONS;
        }
        self.need(HEADING.leading() * 3.0 + room);
        // PDF/UA knows no heading without text.
        let title = Some(tidy(text))
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| "\u{2013}".to_owned());
        let level = NonZeroU16::MIN.saturating_add(1);
        let node = self.node(ROOT, Tag::Hn(level, Some(title.clone())));
        self.bookmark(&title);
        self.y += self.block(
            (MARGIN, self.y),
            self.paper.measure(),
            HEADING,
            &title,
            3,
            Owner::Node(node),
        ) + 5.0;
    }

    pub(crate) fn bookmark(&mut self, title: &str) {
        self.bookmarks.push(Bookmark {
            title: title.to_owned(),
            page: self.pages.len() - 1,
            y: self.y,
        });
    }

    pub(crate) fn rule(&mut self, x: f32, y: f32, width: f32, thickness: f32, ink: Ink) {
        self.put(Op::Rule {
            x,
            y,
            width,
            thickness,
            ink,
        });
    }

    /// The height left on the page.
    pub(crate) fn room(&self) -> f32 {
        self.paper.size().1 - BOTTOM - self.y
    }

    /// Goes on to a new page unless the height is left on this one.
    pub(crate) fn need(&mut self, height: f32) {
        if self.room() < height && self.y > TOP {
            self.next_page();
        }
    }

    pub(crate) fn next_page(&mut self) {
        self.pages.push(vec![]);
        let running = self.running.clone();
        self.line((MARGIN, TOP - 18.0), FAINT, running, Owner::Decoration);
        self.y = TOP;
    }
}
