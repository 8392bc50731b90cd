//! A whole source with two streams: products, read in full each time, and orders, read day by day and
//! from the last day on.

use airbyte_singer_sdk::toolkit::{About, Connection, Connector, Native, Slice, Streams};
use airbyte_singer_sdk::{Result, cli};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Config {
    /// How many days of orders there are
    days: u64,
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Product {
    id: u64,
    name: String,
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Order {
    id: u64,
    day: u64,
}

struct Shop;

impl Connector for Shop {
    type Config = Config;

    async fn streams(&self, config: Config, _: &Connection) -> Result<Streams> {
        let products = About::of::<Product>("products").reading(async |_, out| {
            out.emit_all((1..=3).map(|id| Product { id, name: format!("Product {id}") })).await
        });
        let orders = About::of::<Order>("orders").key(["id"]).cursor("day");
        let orders = orders.slicing(async move |slices| {
            let first = slices.cursor()?.unwrap_or(0);
            slices.emit_all((first..config.days).map(|day| Slice::window([("day", day)]))).await
        });
        let orders = orders.reading(async |slice, out| {
            let day: u64 = slice.get("day")?;
            out.emit_all((0..4).map(|n| Order { id: day * 4 + n, day })).await
        });
        Ok(vec![Box::new(products), Box::new(orders)])
    }
}

fn main() -> std::process::ExitCode {
    cli::main(Native::new(Shop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_rules_of_sources() {
        airbyte_singer_sdk::testing::hold(Native::new(Shop), serde_json::json!({"days": 3}));
    }
}
