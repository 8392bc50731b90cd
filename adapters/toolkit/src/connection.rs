use super::Setting;
use airbyte_singer_runtime::{Config, Context, Result, Secrets, UnderWay};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// What a connector has at hand beside its config: the secrets, and the platform's memory of the
/// settings. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Connection {
    context: Context,
    config: Rc<RefCell<Config>>,
}

impl Connection {
    /// What a connector has at hand in a command that was given `config`.
    pub fn new(config: &Config, context: &Context) -> Self {
        Self { context: context.clone(), config: Rc::new(RefCell::new(config.clone())) }
    }

    /// What is masked in everything that is written: add a token as soon as it is learnt.
    pub fn secrets(&self) -> &Secrets {
        &self.context.secrets
    }

    /// What a setting holds now, after all changes.
    pub fn setting(&self, setting: &Setting) -> Option<Value> {
        setting.get(self.config.borrow().values()).cloned()
    }

    /// The setting that holds `text`, for whoever was handed the text alone and has to say, or to change,
    /// where it stands.
    pub fn setting_with(&self, text: &str) -> Option<Setting> {
        Setting::holding(text, self.config.borrow().values())
    }

    /// Something begins whose outcome must not be lost: a stop waits for it, for ten seconds at most.
    pub fn begin(&self) -> UnderWay {
        self.context.begin()
    }

    /// Changes the settings and asks the platform to store them (CONTROL CONNECTOR_CONFIG): for a refresh
    /// token that is good for one use. When this returns the message is on its way, so that what was
    /// changed may be used; what was added must be known as a secret by the spec or
    /// [`Connection::secrets`].
    ///
    /// # Errors
    ///
    /// Nobody reads any more: what was changed must not be used, since nobody has stored it.
    pub fn store(&self, change: impl FnOnce(&mut Map<String, Value>)) -> Result<()> {
        let mut config = self.config.borrow_mut();
        let mut settings = config.values().clone();
        change(&mut settings);
        self.context.store_config(&config, settings.clone())?;
        config.replace(settings);
        Ok(())
    }
}
