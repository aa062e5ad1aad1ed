"""The rules. No Flask, no HTTP.

*Rules* take a session and plain values, and flush. *Use cases* take `Services` and a `Scope`, open one committed
transaction per block and ask providers only between blocks.
"""
