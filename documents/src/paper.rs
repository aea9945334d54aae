//! Sizes of paper and the margins on them. Lengths are in points, 72 to the inch.

/// The size of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Paper {
    /// 210 mm by 297 mm (ISO 216).
    #[default]
    A4,
    /// 8.5 in by 11 in, of the United States and Canada.
    Letter,
}

/// The left margin; the right one is the same.
pub(crate) const MARGIN: f32 = 52.0;
/// The distance from the top edge to the first line of a page.
pub(crate) const TOP: f32 = 56.0;
/// The distance from the bottom edge to the last line of a page, below which stands the footer.
pub(crate) const BOTTOM: f32 = 68.0;

impl Paper {
    /// Width and height.
    pub(crate) fn size(self) -> (f32, f32) {
        match self {
            Self::A4 => (595.276, 841.89),
            Self::Letter => (612.0, 792.0),
        }
    }

    /// The width between the margins.
    pub(crate) fn measure(self) -> f32 {
        self.size().0 - 2.0 * MARGIN
    }
}
