"""Reception of HeyGen's webhook deliveries: signatures (`signature`), events (`events`), readers (`receiver`).

A delivery is only a signal to look at a resource. Read the resource with a GET before you act on the event.
"""
