def attachment(request, pk, name):
    raise NotImplementedError
