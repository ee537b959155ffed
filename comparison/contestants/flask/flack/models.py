import secrets

import requests
from bleach.linkifier import LinkifyFilter
from bleach.sanitizer import Cleaner
from bs4 import BeautifulSoup
from flask import abort, current_app, g, url_for
from markdown import markdown
from sqlalchemy import ForeignKey, String, Text, event, select
from sqlalchemy.orm import Mapped, mapped_column, relationship
from werkzeug.security import check_password_hash, generate_password_hash

from . import db
from .utils import timestamp

ALLOWED_TAGS = ["a", "abbr", "acronym", "b", "code", "em", "i", "strong"]
CARD = '<blockquote><p><a href="{url}">{title}</a></p><p>{description}</p></blockquote>'


class User(db.Model):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[int] = mapped_column(default=timestamp)
    updated_at: Mapped[int] = mapped_column(default=timestamp, onupdate=timestamp, index=True)
    last_seen_at: Mapped[int] = mapped_column(default=timestamp)
    nickname: Mapped[str] = mapped_column(String(32), unique=True)
    password_hash: Mapped[str] = mapped_column(String(256))
    token: Mapped[str | None] = mapped_column(String(64), unique=True)
    online: Mapped[bool] = mapped_column(default=False)
    messages: Mapped[list["Message"]] = relationship(back_populates="user")

    @property
    def password(self):
        raise AttributeError("password is not a readable attribute")

    @password.setter
    def password(self, password):
        self.password_hash = generate_password_hash(password)
        self.token = None  # a new password also revokes the token

    def verify_password(self, password):
        return check_password_hash(self.password_hash, password)

    def generate_token(self):
        self.token = secrets.token_hex(32)

    def ping(self):
        """Mark the user as seen now and online. Return True if the user was offline."""
        self.last_seen_at = timestamp()
        was_offline = not self.online
        self.online = True
        return was_offline

    @staticmethod
    def create(data):
        user = User()
        user.from_dict(data, partial_update=False)
        return user

    def from_dict(self, data, partial_update=True):
        """Import user data from a dictionary."""
        for field in ["nickname", "password"]:
            if field in data:
                setattr(self, field, data[field])
            elif not partial_update:
                abort(400)

    def to_dict(self):
        """Export the user to a dictionary."""
        return {
            "id": self.id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "nickname": self.nickname,
            "last_seen_at": self.last_seen_at,
            "online": self.online,
            "_links": {
                "self": url_for("users.get_user", id=self.id),
                "messages": url_for("messages.get_messages", user_id=self.id),
                "tokens": url_for("tokens.new_token"),
            },
        }

    @staticmethod
    def find_offline_users():
        """Mark as offline the users that were last seen more than a minute ago. Return them."""
        long_ago = timestamp() - 60
        users = db.session.scalars(
            select(User).where(User.last_seen_at < long_ago, User.online)
        ).all()
        for user in users:
            user.online = False
        db.session.commit()
        return users


class Message(db.Model):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[int] = mapped_column(default=timestamp)
    updated_at: Mapped[int] = mapped_column(default=timestamp, onupdate=timestamp, index=True)
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    user: Mapped[User] = relationship(back_populates="messages")

    @staticmethod
    def create(data, user=None, expand_links=True):
        """Create a message of the current user, or of the user that is given."""
        message = Message(user=user or g.current_user)
        message.from_dict(data, partial_update=False)
        if expand_links:
            message.expand_links()
        return message

    def from_dict(self, data, partial_update=True):
        """Import message data from a dictionary."""
        if "source" in data:
            self.source = data["source"]
        elif not partial_update:
            abort(400)

    def to_dict(self):
        """Export the message to a dictionary."""
        return {
            "id": self.id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "source": self.source,
            "html": self.html,
            "user_id": self.user_id,
            "_links": {
                "self": url_for("messages.get_message", id=self.id),
                "user": url_for("users.get_user", id=self.user_id),
            },
        }

    def render_markdown(self, source):
        """Render Markdown to HTML with a list of allowed tags."""
        cleaner = Cleaner(tags=ALLOWED_TAGS, strip=True, filters=[LinkifyFilter])
        self.html = cleaner.clean(markdown(source, output_format="html"))

    def expand_links(self):
        """Append a card for each page that the message links to. Return True if there is one."""
        if "<blockquote>" in self.html:
            return False  # the links have been expanded already
        cards = ""
        for link in BeautifulSoup(self.html, "html5lib").select("a"):
            cards += self.render_card(link.get("href", ""))
        self.html += cards
        return cards != ""

    @staticmethod
    def render_card(url):
        """Return the card of a page, or an empty string if the page cannot be read."""
        try:
            response = requests.get(url, timeout=current_app.config["PREVIEW_TIMEOUT"])
        except requests.exceptions.RequestException:
            return ""
        if response.status_code != 200:
            return ""
        page = BeautifulSoup(response.content, "html5lib")
        title = page.title.get_text().strip() if page.title else ""
        description = next(
            (
                meta.get("content", "").strip()
                for meta in page.select("meta")
                if meta.get("name", "").lower() == "description"
            ),
            "",
        )
        return CARD.format(
            url=url, title=title or url, description=description or "No description found."
        )


@event.listens_for(Message.source, "set")
def on_changed_source(message, value, old_value, initiator):
    """Render a message whenever its source is set."""
    message.render_markdown(value)
