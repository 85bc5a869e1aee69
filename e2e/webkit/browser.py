#!/usr/bin/python3
"""A WebKitGTK browser that WebDriver can drive, with a profile that is kept or with none.

MiniBrowser, which comes with the driver, is always a private session when it is driven. WebKitWebDriver starts this
file instead. HOLDFAST_WEBKIT_PROFILE names the folder of the profile; without it the session is a private one.
HOLDFAST_WEBKIT_OFF lists features of the engine to switch off, by WebKit's own identifiers.
"""

import os
import signal

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402


def data_manager():
    profile = os.environ.get("HOLDFAST_WEBKIT_PROFILE")
    if profile is None:
        return WebKit2.WebsiteDataManager(is_ephemeral=True)
    return WebKit2.WebsiteDataManager(
        base_data_directory=os.path.join(profile, "data"),
        base_cache_directory=os.path.join(profile, "cache"),
    )


def settings():
    result = WebKit2.Settings()
    switched_off = os.environ.get("HOLDFAST_WEBKIT_OFF", "").split(",")
    features = WebKit2.Settings.get_all_features()
    for feature in map(features.get, range(features.get_length())):
        if feature.get_identifier() in switched_off:
            result.set_feature_enabled(feature, False)
    return result


class Browser:
    def __init__(self):
        manager = data_manager()
        self.settings = settings()
        self.context = WebKit2.WebContext(website_data_manager=manager)
        # Session cookies are not written; the sign-in must outlive a restart, as it does in Safari.
        profile = os.environ.get("HOLDFAST_WEBKIT_PROFILE")
        if profile is not None:
            manager.get_cookie_manager().set_persistent_storage(
                os.path.join(profile, "cookies"), WebKit2.CookiePersistentStorage.TEXT
            )
        self.context.set_automation_allowed(True)
        self.context.connect("automation-started", self.on_automation)
        self.windows = []

    def on_automation(self, _context, session):
        information = WebKit2.ApplicationInfo()
        information.set_name("holdfast")
        session.set_application_info(information)
        session.connect("create-web-view", self.on_view)

    def on_view(self, _session):
        view = WebKit2.WebView(
            web_context=self.context, settings=self.settings, is_controlled_by_automation=True
        )
        window = Gtk.Window()
        window.set_default_size(1280, 800)
        window.add(view)
        window.show_all()
        view.connect("close", lambda _view: window.destroy())
        self.windows.append(window)
        return view


if __name__ == "__main__":
    BROWSER = Browser()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, Gtk.main_quit)
    Gtk.main()
