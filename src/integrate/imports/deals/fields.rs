//! The columns of an imported registration.

use guildhall_spine::access::OrgKind;

use crate::imports::kind::Field;

/// The columns of each line: what is sold, its sku, how many, the price of one.
pub(super) const LINES: [[&str; 4]; 5] = [
    ["product", "sku", "quantity", "unit_amount"],
    ["product_2", "sku_2", "quantity_2", "unit_amount_2"],
    ["product_3", "sku_3", "quantity_3", "unit_amount_3"],
    ["product_4", "sku_4", "quantity_4", "unit_amount_4"],
    ["product_5", "sku_5", "quantity_5", "unit_amount_5"],
];

const OF_VENDOR: &[Field] = &fields("partner");
const OF_PARTNER: &[Field] = &fields("vendor");

const fn fields(side: &'static str) -> [Field; 33] {
    [
        Field::needed(side),
        Field::needed("customer_name"),
        Field::needed("customer_country"),
        Field::may("customer_domain"),
        Field::may("amount"),
        Field::needed("currency"),
        Field::needed("expected_close"),
        Field::may("status"),
        Field::may("closed_on"),
        Field::may("close_reason"),
        Field::may("note"),
        Field::may("contact_name"),
        Field::may("contact_email"),
        Field::may("product"),
        Field::may("sku"),
        Field::may("quantity"),
        Field::may("unit_amount"),
        Field::may("product_2"),
        Field::may("sku_2"),
        Field::may("quantity_2"),
        Field::may("unit_amount_2"),
        Field::may("product_3"),
        Field::may("sku_3"),
        Field::may("quantity_3"),
        Field::may("unit_amount_3"),
        Field::may("product_4"),
        Field::may("sku_4"),
        Field::may("quantity_4"),
        Field::may("unit_amount_4"),
        Field::may("product_5"),
        Field::may("sku_5"),
        Field::may("quantity_5"),
        Field::may("unit_amount_5"),
    ]
}

/// The columns of an organisation of this kind.
pub(super) const fn of(org: OrgKind) -> &'static [Field] {
    match org {
        OrgKind::Vendor => OF_VENDOR,
        OrgKind::Partner => OF_PARTNER,
    }
}

/// The column of the other side.
pub(super) const fn side(org: OrgKind) -> &'static str {
    match org {
        OrgKind::Vendor => "partner",
        OrgKind::Partner => "vendor",
    }
}
