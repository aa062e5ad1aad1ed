from collections.abc import Callable
from typing import Any
from wsgiref.headers import Headers

class WhiteNoise:
    def __init__(
        self,
        application: Any,
        root: str | None = ...,
        prefix: str | None = ...,
        *,
        autorefresh: bool = ...,
        max_age: int | None = ...,
        add_headers_function: Callable[[Headers, str, str], None] | None = ...,
    ) -> None: ...
    def get_static_file(self, path: str, url: str, stat_cache: Any = ...) -> Any: ...
