//! Addresses of the pages that letters point to.

use guildhall_spine::App;

/// A page for people. A token stands in the fragment, which browsers send to no server.
pub(crate) fn page(app: &App, page: &str, token: Option<&str>) -> String {
    let root = app.config.http.public_url.trim_end_matches('/');
    token.map_or_else(
        || format!("{root}/{page}"),
        |token| format!("{root}/{page}#token={token}"),
    )
}
