//! One request on its way, through as many redirects as it takes.

use super::api::Settings;
use super::redirect::{self, Added};
use super::request::host;
use super::{Api, Request, quota};
use airbyte_singer_runtime::{Error, Result};
use reqwest::Response;
use std::time::SystemTime;

/// An answer, and what led to it.
pub(super) struct Answered {
    pub(super) response: Response,
    /// What was sent in the end.
    pub(super) sent: Request,
    /// What the API added to the request.
    pub(super) added: Added,
    /// Whether the answer comes from the API's own host.
    pub(super) is_home: bool,
}

impl Api {
    /// Sends a request once, when the budget allows it. If it `is_led` by a stranger, it is sent as one even
    /// to the API's own host.
    pub(super) async fn send(&self, request: &Request, is_led: bool) -> Result<Answered> {
        let mut seen = Vec::new();
        let mut is_home = !is_led && self.settings.is_home(&request.url);
        let mut added = Added::default();
        let mut hop = match is_home {
            true => request.clone(),
            false => redirect::to_stranger(request.clone(), &added)?,
        };
        let mut is_https = self.settings.base.scheme() == "https";
        loop {
            if is_https && hop.url.scheme() == "http" {
                let text = format!("it was led from https to http on {}", host(&hop.url));
                return Err(Error::system(text));
            }
            is_https = hop.url.scheme() == "https";
            let (sent, response) = match is_home {
                true => self.send_home(&hop).await?,
                false => (hop.clone(), self.settings.wire.send(&hop).await?),
            };
            if is_home {
                added = Added::between(&hop, &sent);
            }
            let next = redirect::target(&hop, response.status(), response.headers())?;
            let Some(mut next) = next else {
                return Ok(Answered { response, sent, added, is_home });
            };
            added.take_back(&mut next.url);
            seen.push(hop);
            if seen.contains(&next) {
                return Err(Error::system("its redirects lead in a circle"));
            }
            if seen.len() > redirect::MOST {
                let text = format!("it was redirected more than {} times", redirect::MOST);
                return Err(Error::system(text));
            }
            // Who was led away comes back a stranger: whoever led it back chose where to.
            is_home &= self.settings.is_home(&next.url);
            hop = if is_home { next } else { redirect::to_stranger(next, &added)? };
        }
    }

    /// Sends a request to the API's own host. It is signed when its turn comes, since signatures are good
    /// for a time; but before it counts as one of those at a time, since signing may take a call itself.
    async fn send_home(&self, request: &Request) -> Result<(Request, Response)> {
        let Settings { door, wire, .. } = &*self.settings;
        door.turn().await?;
        let sent = self.settings.dressed(request).await?;
        let entered = door.enter().await;
        let response = wire.send(&sent).await?;
        drop(entered);
        // The last call of a quota says when there will be more.
        if let Some(wait) = quota::until_reset(response.headers(), SystemTime::now()) {
            self.settings.shut(wait);
        }
        Ok((sent, response))
    }
}
