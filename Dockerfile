# The image holds the server alone, no PostgreSQL: set DATABASE_URL. compose.yaml shows a whole deployment.
FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    SQLX_OFFLINE=true cargo build --release --locked --bin guildhall \
    && cp target/release/guildhall /usr/local/bin/guildhall

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --no-create-home guildhall \
    && install -d -o guildhall -g guildhall /data /files
COPY --from=build /usr/local/bin/guildhall /usr/local/bin/guildhall
COPY LICENSE /usr/share/doc/guildhall/LICENSE
# By number, so that Kubernetes can see that it is not root.
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
CMD ["guildhall", "serve", "--listen", "0.0.0.0:8080", "--data", "/data"]
