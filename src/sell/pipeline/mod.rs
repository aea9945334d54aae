//! The pipeline: what the approved deals are worth, and when.
//!
//! A deal enters the first stage of its program when it is approved, in the database and so by whichever way it is
//! approved. Sums are never counted over the deals: triggers note each change in the transaction that makes it, the
//! notes are folded into roll-ups, and readers add what isn't folded yet.

mod analysis;
mod board;
mod category;
mod fold;
mod forecast;
mod list;
mod moves;
mod program;
mod rates;
mod settings;
mod stages;
mod sums;
mod view;

use guildhall_spine::{App, event::EventDoc, http::Code};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use category::Category;
pub use fold::Folder;
pub use rates::{ImportFault, Imported, Rates, import_shared};
pub use stages::first_id as first_stage_id;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// A stage is left forward when its criteria are confirmed and the deal has what it asks for.
    pub const EXIT_CRITERIA_OPEN: Code = Code {
        name: "exit_criteria_open",
        status: 409,
        title: "The stage's exit criteria are not met",
    };
    /// A program needs a stage that deals can enter.
    pub const LAST_STAGE: Code = Code {
        name: "last_stage",
        status: 409,
        title: "A program's last stage can't be retired",
    };
    /// No deal moves into a retired stage.
    pub const STAGE_RETIRED: Code = Code {
        name: "stage_retired",
        status: 409,
        title: "The stage is retired",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::EXIT_CRITERIA_OPEN, code::LAST_STAGE, code::STAGE_RETIRED];

/// What the feature announces, for the documentation.
pub const EVENTS: &[EventDoc] = &[
    EventDoc::of::<moves::DealStageChanged>(),
    EventDoc::of::<stages::StageCreated>(),
    EventDoc::of::<stages::StageChanged>(),
    EventDoc::of::<stages::StageRetired>(),
    EventDoc::of::<settings::PipelineSettingsChanged>(),
    EventDoc::of::<rates::ExchangeRatesImported>(),
];

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(stages::list_stages, stages::create_stage))
        .routes(routes!(stages::get_stage, stages::change_stage))
        .routes(routes!(stages::retire_stage))
        .routes(routes!(moves::move_deal))
        .routes(routes!(moves::get_deal_stages))
        .routes(routes!(
            settings::get_pipeline_settings,
            settings::put_pipeline_settings
        ))
        .routes(routes!(rates::list_exchange_rates, rates::put_exchange_rates))
        .routes(routes!(board::get_pipeline_board))
        .routes(routes!(list::list_pipeline_deals))
        .routes(routes!(list::export_pipeline_deals))
        .routes(routes!(forecast::get_forecast))
        .routes(routes!(forecast::export_forecast))
        .routes(routes!(analysis::get_pipeline_analysis))
}
