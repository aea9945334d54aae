//! Why the catalogue can't complete a line.

use guildhall_kernel::Currency;

/// Why the catalogue can't complete a line, in a field of it.
#[derive(Clone, Debug)]
pub(crate) struct LineFault {
    pub(crate) field: &'static str,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl LineFault {
    /// No such product, or none of the vendor's, or none that is sold.
    pub(crate) fn unknown_product() -> Self {
        Self {
            field: "product_id",
            code: "unknown_product",
            message: "must be an active product of the vendor: GET /api/v1/products lists them".to_owned(),
        }
    }

    /// No list that applies has the product in the deal's currency.
    pub(crate) fn no_price(currency: Currency) -> Self {
        Self {
            field: "unit_amount",
            code: "no_price",
            message: format!(
                "no price list that applies has the product in {}: choose another currency or give the price",
                currency.code()
            ),
        }
    }

    /// The price begins at a larger quantity.
    pub(crate) fn too_few() -> Self {
        Self {
            field: "quantity",
            code: "below_minimum",
            message: "the product's price begins at a larger quantity: take more or give the price".to_owned(),
        }
    }
}
