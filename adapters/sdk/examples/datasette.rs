//! A shop behind Datasette: its articles, read in full each time, and its orders, read day by day and from
//! the last day on.

use airbyte_singer_sdk::http::{Api, Pages};
use airbyte_singer_sdk::toolkit::{About, Connection, Connector, Native, Slice, Streams};
use airbyte_singer_sdk::{Result, cli};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Config {
    /// Where the shop is, such as http://127.0.0.1:8001/shop
    address: String,
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Article {
    id: u64,
    name: String,
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Order {
    id: u64,
    day: String,
}

struct Shop;

impl Connector for Shop {
    type Config = Config;

    async fn streams(&self, config: Config, _: &Connection) -> Result<Streams> {
        let api = Api::new(&config.address)?.query("_shape", "objects");
        let rows = move |table| api.get(table).records("/rows").pages(Pages::next_url("/next_url"));
        let (all, days) = (rows.clone(), rows.clone());
        let articles = About::of::<Article>("articles").key(["id"]);
        let articles = articles.reading(async move |_, out| all("articles.json").emit(out).await);
        let orders = About::of::<Order>("orders").key(["id"]).cursor("day");
        let orders = orders.slicing(async move |slices| {
            let days = days("days.json").query_opt("day__gte", slices.cursor::<String>()?);
            days.each(async |day| slices.emit(Slice::window(day)).await).await
        });
        let orders = orders.reading(async move |slice, out| {
            rows("orders.json").query("day", slice.get::<String>("day")?).emit(out).await
        });
        Ok(vec![Box::new(articles), Box::new(orders)])
    }
}

fn main() -> std::process::ExitCode {
    cli::main(Native::new(Shop))
}

/// What the tests run in process.
#[cfg(test)]
pub(crate) fn source() -> impl airbyte_singer_sdk::Source {
    Native::new(Shop)
}
