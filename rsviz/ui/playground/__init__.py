"""The Playground page: its address, the component that runs in the browser, its export."""
