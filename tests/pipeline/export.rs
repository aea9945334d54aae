use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Place;
use crate::support::deal_body;

#[tokio::test]
async fn a_list_is_exported_whole_and_its_formulas_are_texts() {
    let place = Place::set().await;
    for (number, name) in ["=HYPERLINK(\"x\")", "@Sum, Inc", "Plain \"Quoted\" GmbH"]
        .iter()
        .enumerate()
    {
        let body = deal_body(place.scene.northwind, name, &format!("c{number}.example"));
        place.alder.post("/api/v1/deals", &body).await.ok();
    }
    let body = deal_body(place.scene.northwind, "Other", "other.example");
    place.birch.post("/api/v1/deals", &body).await.ok();
    let file = place.alder.get("/api/v1/deals/export?sort=created_at").await;
    assert_eq!(file.status.as_u16(), 200);
    assert!(file.header("content-type").starts_with("text/csv"));
    assert!(file.header("content-disposition").contains("deals.csv"));
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 5, "a head, three of Alder's deals, and the end: {text}");
    assert!(
        lines[1].contains("\"'=HYPERLINK(\"\"x\"\")\"") && lines[1].contains(",3601.50,EUR,"),
        "{text}"
    );
    assert!(
        lines[2].contains("\"'@Sum, Inc\"") && lines[3].contains("\"Plain \"\"Quoted\"\" GmbH\""),
        "{text}"
    );
    assert!(!text.contains("Other"));

    let file = place.alder.get("/api/v1/deals/export?format=xlsx&customer=plain").await;
    assert_eq!(&file.body[..4], b"PK\x03\x04");
    assert!(file.header("content-disposition").contains("deals.xlsx"));
    let none = format!("/api/v1/deals/export?vendor_id={}", place.scene.southgate);
    place.alder.get(&none).await.problem(404, "not_found");
    place
        .alder
        .get("/api/v1/deals/export?format=pdf")
        .await
        .problem(400, "invalid_query");
    for path in [
        "/api/v1/pipeline/deals/export",
        "/api/v1/pipeline/forecast/export?format=xlsx",
    ] {
        assert_eq!(place.manager.get(path).await.status.as_u16(), 200, "{path}");
    }
}

#[tokio::test]
async fn an_export_that_breaks_is_cut_before_its_end() {
    let place = Place::set().await;
    let mut db = place.server.database.connect().await;
    sqlx::query(
        "INSERT INTO deal (id, vendor_id, partner_id, status, customer_name, customer_key, customer_keys, customer_country,
                           currency, amount, expected_close, created_at, updated_at)
         SELECT gen_random_uuid(), $1, $2, 'submitted', 'Customer ' || n || repeat('x', 1500), 'customer ' || n, '{}', 'DE', 'EUR',
                n, current_date, now(), now() FROM generate_series(1, 30000) n",
    )
    .bind(place.scene.northwind)
    .bind(place.scene.alder)
    .execute(&mut db)
    .await
    .unwrap();
    let mut socket = tokio::net::TcpStream::connect(place.server.address).await.unwrap();
    let token = place.manager.token.as_deref().unwrap();
    let request = format!("GET /api/v1/deals/export HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut head = vec![0; 64 * 1024];
    socket.read_exact(&mut head).await.unwrap();
    assert!(head.starts_with(b"HTTP/1.1 200"));
    sqlx::query("ALTER TABLE deal RENAME COLUMN customer_name TO customer_called")
        .execute(&mut db)
        .await
        .unwrap();
    let mut rest = Vec::new();
    let end = socket.read_to_end(&mut rest).await;
    assert!(
        end.is_err() || !rest.ends_with(b"0\r\n\r\n"),
        "the end of the body never comes"
    );
    assert!(rest.len() < 45_000_000, "it was not whole");
}

#[tokio::test]
async fn a_customer_is_found_by_the_beginning_of_its_name_or_its_domain() {
    let place = Place::set().await;
    for (name, domain) in [
        ("Müller & Söhne GmbH", "mueller.example"),
        ("Mullen Ltd", "mullen.example"),
        ("Acme", "acme.example"),
    ] {
        let body = deal_body(place.scene.northwind, name, domain);
        place.alder.post("/api/v1/deals", &body).await.ok();
    }
    let found = async |caller: &crate::support::Caller, query: &str| {
        let mut names = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = caller
                .get(&format!("/api/v1/deals?limit=1&customer={query}{cursor}"))
                .await
                .ok();
            let items = page["items"].as_array().unwrap();
            names.extend(
                items
                    .iter()
                    .map(|deal| deal["customer"]["name"].as_str().unwrap().to_owned()),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return names,
            }
        }
    };
    for caller in [&place.alder, &place.manager] {
        assert_eq!(found(caller, "mull").await, ["Mullen Ltd", "Müller & Söhne GmbH"]);
        assert_eq!(found(caller, "M%C3%BCller%20GmbH").await, ["Müller & Söhne GmbH"]);
        assert_eq!(found(caller, "https://www.acme.example/shop").await, ["Acme"]);
        assert!(found(caller, "zebra").await.is_empty());
    }
    assert!(found(&place.birch, "mull").await.is_empty());
    for query in ["customer=", "customer=%20", "customer=a&sort=created_at"] {
        place
            .alder
            .get(&format!("/api/v1/deals?{query}"))
            .await
            .problem(400, "invalid_query");
    }
}
