from django.urls import path

from . import views

app_name = "rooms"
urlpatterns = [
    path("attachments/<uuid:pk>/<str:name>", views.attachment, name="attachment"),
]
